"use strict";
// The explorer: one customer's values in `values`; every change asks the service again, and only the newest answer
// is shown. Where the service has API keys, the browser asks for one and sends it by itself; this page never sees it.

const MOST_CHANGES = 3; // that are easy to act on
const PAUSE = 120; // milliseconds without a change before the service is asked
const MOST_ROWS = 8;
// a segment's colour is that of its id's rank, as in the report (reporting/colours.py)
const LIGHT = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9", "#882255", "#999933", "#332288",
  "#8C6D4F", "#117733", "#5F6B73"];
const DARK = ["#4BA3DB", "#F2B84B", "#2CC295", "#E3A1C6", "#F08A4B", "#8CCBF2", "#CF6F9F", "#C2C25E", "#9A8AF0",
  "#C2A382", "#5FB374", "#A3B0B9"];
const COLOURS = matchMedia("(prefers-color-scheme: dark)").matches ? DARK : LIGHT;
const [NAME_LINE, NAME_LETTERS] = [14, 24]; // of a name on the map: the height of a line, the letters in it
const SVG = "http://www.w3.org/2000/svg";

const find = (id) => document.getElementById(id);
let model, cards, plane;
let values = {};
let asked = 0; // number of the newest question
let timer = 0;

class Refused extends Error {
  constructor(status, error) {
    super(error.message);
    this.status = status;
    this.error = error;
  }
}

async function ask(path, body) {
  // the page's own address without a user's name and password, which no fetch may have in its address
  const address = new URL(path, location.origin + location.pathname);
  const headers = body && { "Content-Type": "application/json" };
  const reply = await fetch(address, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) });
  const content = await reply.json();
  if (!reply.ok) throw new Refused(reply.status, content.error);
  return content;
}

function complain(error) {
  const box = find("alert");
  box.hidden = !error;
  if (!error) return (box.textContent = "");
  box.textContent = error instanceof Refused ? error.message : `The service cannot be reached: ${error.message}`;
}

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") made.className = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

function drawn(tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text) made.textContent = text;
  return made;
}

function plain(number) {
  const size = Math.abs(number);
  const digits = size >= 1000 || Number.isInteger(number) ? 0 : size >= 10 ? 1 : 2;
  return number.toLocaleString("en", { maximumFractionDigits: digits });
}

const signed = (number) => `${number < 0 ? "−" : "+"}${plain(Math.abs(number))}`;
const colourOf = (id) => COLOURS[cards.map((card) => card.id).sort().indexOf(id) % COLOURS.length];
const nameOf = (id) => cards.find((card) => card.id === id)?.name ?? "no segment";
const basis = () => model.features.filter((feature) => feature.role === "basis");
// a median may have digits that nobody would type, and that of a flag lies between 0 and 1 where as many have either
const isFlag = (name) => model.features.some((feature) => feature.name === name && feature.kind === "flag");
const typical = (card) => Object.fromEntries(Object.entries(card.medians).map(([name, value]) =>
  [name, typeof value !== "number" ? value : isFlag(name) ? Math.round(value) : Number(value.toPrecision(4))]));
const isYear = (feature) => feature.unit === "year";
const bare = (value, feature) => (isYear(feature) ? String(value) : plain(value));
const said = (value, feature) =>
  value === null ? "not known" : typeof value === "string" ? value
    : `${bare(value, feature)}${feature.unit && !isYear(feature) ? ` ${feature.unit}` : ""}`;

// -- the customer ---------------------------------------------------------------------------------------------------

// A slider has 1000 steps; where a range spans magnitudes they are even in the logarithm.
function scale(feature) {
  const [least, most] = [feature.least, feature.most];
  const wide = least >= 0 && most > 50 * (least + 1);
  const [bend, back] = wide ? [Math.log1p, Math.expm1] : [(x) => x, (x) => x];
  const whole = feature.kind === "count" || feature.kind === "flag";
  const digits = whole ? 0 : Math.max(0, 3 - Math.ceil(Math.log10(Math.max(Math.abs(most), Math.abs(least), 1e-9))));
  const round = (value) => Number(value.toFixed(Math.min(digits, 9)));
  const length = bend(most) - bend(least) || 1;
  return {
    place: (value) => Math.round((1000 * (bend(Math.min(Math.max(value, least), most)) - bend(least))) / length),
    value: (place) => Math.min(Math.max(round(back(bend(least) + (place / 1000) * length)), Math.min(least, most)), most),
  };
}

function field(feature) {
  const id = `value-${feature.name}`;
  const box = element("fieldset", { class: "feature" });
  const label = element("label", { for: id }, `${feature.title}${feature.unit ? ` (${feature.unit})` : ""}`);
  const change = (value) => {
    values[feature.name] = value;
    show();
    later();
  };
  let show;
  const unknown = element("input", {
    type: "checkbox", id: `${id}-unknown`,
    onchange: () => change(unknown.checked ? null : fallback(feature)),
  });
  if (feature.kind === "category") {
    const choice = element("select", { id, onchange: () => change(choice.value) });
    show = () => {
      const value = values[feature.name];
      const options = new Set([...(feature.levels ?? []), ...(value === null ? [] : [value])]);
      choice.replaceChildren(...[...options].map((level) => element("option", { value: level }, level)));
      choice.value = value ?? "";
      choice.disabled = value === null;
      unknown.checked = value === null;
    };
    box.append(label, choice);
  } else {
    const along = scale(feature);
    const exact = element("input", {
      id, type: "number", step: "any", inputmode: "decimal",
      oninput: () => exact.value !== "" && Number.isFinite(exact.valueAsNumber) && change(exact.valueAsNumber),
    });
    const slider = element("input", {
      type: "range", min: 0, max: 1000, id: `${id}-slider`, "aria-label": `${feature.title}, slider`,
      oninput: () => change(along.value(Number(slider.value))),
    });
    // an arrow key always moves a whole-numbered feature by one
    slider.addEventListener("keydown", (event) => {
      const way = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
      if (!way) return;
      const before = values[feature.name];
      let place = along.place(before);
      do place += way; while (place > 0 && place < 1000 && along.value(place) === before);
      event.preventDefault();
      change(along.value(Math.min(Math.max(place, 0), 1000)));
    });
    show = () => {
      const value = values[feature.name];
      exact.disabled = slider.disabled = value === null;
      unknown.checked = value === null;
      if (value === null) exact.value = "";
      else {
        if (exact.valueAsNumber !== value) exact.value = value;
        if (along.value(Number(slider.value)) !== value) slider.value = along.place(value);
        slider.setAttribute("aria-valuetext", said(value, feature));
      }
    };
    box.append(element("div", { class: "line" }, label, exact), slider,
      element("div", { class: "ends", "aria-hidden": "true" },
        element("span", {}, bare(feature.least, feature)), element("span", {}, bare(feature.most, feature))));
  }
  if (feature.nullable) box.append(element("label", { class: "unknown" }, unknown, "not known"));
  show();
  return { box, show };
}

function fallback(feature) {
  const known = cards.map((card) => typical(card)[feature.name]).find((value) => value !== null && value !== undefined);
  return known ?? (feature.kind === "category" ? (feature.levels ?? [""])[0] : feature.least);
}

let fields = [];

function use(features) {
  for (const feature of basis()) if (feature.name in features) values[feature.name] = features[feature.name];
  for (const one of fields) one.show();
  later();
}

// -- asking ---------------------------------------------------------------------------------------------------------

function later() {
  clearTimeout(timer);
  asked += 1; // what is under way answers an older question
  document.body.dataset.settled = "false";
  timer = setTimeout(answer, PAUSE, asked);
}

async function answer(number) {
  const customers = [{ id: "explorer", features: { ...values } }];
  const against = find("against").value;
  try {
    const [assigned, located] = await Promise.all([
      against ? ask("contrast", { customers, against, words: true }) : ask("assign", { customers, explain: true, words: true }),
      ask("locate", { customers }),
    ]);
    if (number !== asked) return;
    if (assigned.model_version !== model.model_version || located.model_version !== model.model_version) return void start();
    complain(null);
    showAnswer(assigned.assignments[0]);
    showMap(assigned.assignments[0], located.customers[0]);
    find("typed").value = JSON.stringify(values, null, 1);
    document.body.dataset.settled = "true";
  } catch (error) {
    if (number === asked) complain(error);
  }
}

// -- the answer -----------------------------------------------------------------------------------------------------

function showAnswer(assignment) {
  const own = assignment.segment_id ?? null;
  const dot = element("span", { class: "dot", "aria-hidden": "true" });
  if (own) dot.style.setProperty("--own", colourOf(own));
  find("segment").replaceChildren(dot, own ? assignment.segment_name : "no segment");
  find("segment").dataset.id = own ?? "";
  const other = assignment.runner_up_id ? `runner-up: ${nameOf(assignment.runner_up_id)}` : "the only segment";
  find("note").textContent = own ? other : `nearest: ${nameOf(assignment.nearest_id)}`;
  const flags = [];
  if (assignment.novel) flags.push("far outside what training saw");
  for (const name of assignment.unseen) flags.push(`${name}: a category never seen in training`);
  find("flags").replaceChildren(...flags.map((flag) => element("span", { class: "flag" }, flag)));
  find("strength").textContent = assignment.strength.toFixed(3);
  find("strength").dataset.exact = assignment.strength;
  find("meter").style.width = `${100 * assignment.strength}%`;
  find("meter").style.background = colourOf(assignment.nearest_id);
  for (const card of document.querySelectorAll(".card")) {
    const here = card.dataset.id === own;
    card.classList.toggle("here", here);
    card.querySelector(".belongs").hidden = !here;
    card.querySelector("button").hidden = here;
    card.querySelector(".change").replaceChildren();
  }
  showMisfits(assignment.explanation.name_misfits ?? []);
  showWaterfall(assignment.explanation);
}

// The words of the name that do not hold for this customer.
function showMisfits(misfits) {
  const listed = misfits.map(({ words }) => words).join("; ");
  find("misfits").textContent = listed && `Unlike most of its segment: ${listed}.`;
  find("misfits").hidden = !listed;
}

function showWaterfall(why) {
  find("waterfall").hidden = why.against === null;
  const runnerUp = find("against").options[0];
  runnerUp.textContent = find("against").value || !why.against ? "the runner-up" : `the runner-up: ${nameOf(why.against)}`;
  const features = Object.fromEntries(basis().map((feature) => [feature.name, feature]));
  const parts = [...why.contributions].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution));
  const rows = parts.slice(0, MOST_ROWS).map((part) => ({
    title: features[part.feature].title, value: said(part.value, features[part.feature]), by: part.contribution,
    words: part.words, feature: part.feature,
  }));
  const rest = parts.slice(MOST_ROWS);
  if (rest.length) {
    rows.push({ title: `${rest.length} more`, value: "", by: rest.reduce((sum, part) => sum + part.contribution, 0) });
  }
  let at = why.base;
  const steps = [{ title: "start", value: "everyone", from: 0, to: at, sum: true, by: why.base }];
  for (const row of rows) {
    steps.push({ ...row, from: at, to: at + row.by });
    at += row.by;
  }
  steps.push({ title: "score", value: "", from: 0, to: why.score, sum: true, by: why.score });
  const ends = steps.flatMap((step) => [step.from, step.to]);
  const [least, most] = [Math.min(0, ...ends), Math.max(0, ...ends)];
  const across = (value) => (100 * (value - least)) / (most - least || 1);
  find("waterfall").tBodies[0].replaceChildren(...steps.map((step) => {
    const bar = element("i", { class: step.sum ? "sum" : step.by < 0 ? "against" : "for" });
    bar.style.left = `${across(Math.min(step.from, step.to))}%`;
    bar.style.width = `${Math.abs(across(step.to) - across(step.from))}%`;
    const zero = element("i", { class: "zero" });
    zero.style.left = `${across(0)}%`;
    const row = element("tr", { class: step.sum ? "total" : "", title: step.words ?? null },
      element("td", {}, step.title), element("td", {}, step.value),
      element("td", { "aria-hidden": "true" }, element("div", { class: "bar" }, zero, bar)),
      element("td", {}, signed(step.by)));
    if (step.feature) row.dataset.feature = step.feature;
    row.dataset.by = step.by;
    return row;
  }));
}

// Each name on that side of its circle where it covers least of circles and of names before it.
function namesBeside(circles) {
  const pen = document.createElement("canvas").getContext("2d");
  const { fontSize, fontFamily } = getComputedStyle(find("map"));
  pen.font = `${fontSize} ${fontFamily}`;
  const taken = circles.map(({ x, y, r }) => ({ x: x - r, y: y - r, width: 2 * r, height: 2 * r }));
  const shared = (one, other, axis, size) =>
    Math.max(0, Math.min(one[axis] + one[size], other[axis] + other[size]) - Math.max(one[axis], other[axis]));
  const covered = (box) => taken.reduce((sum, one) => sum + shared(box, one, "x", "width") * shared(box, one, "y", "height"), 0);
  return circles.map(({ id, x, y, r }) => {
    const lines = inLines(nameOf(id));
    const [width, height] = [Math.max(...lines.map((line) => pen.measureText(line).width)), NAME_LINE * lines.length];
    const sides = [[x - width / 2, y - r - height - 2], [x - width / 2, y + r + 2], [x + r + 4, y - height / 2], [x - r - 4 - width, y - height / 2]];
    const boxes = sides.map(([left, top]) => ({ // inside the picture, though it cover its own circle
      x: Math.max(4, Math.min(396 - width, left)), y: Math.max(2, Math.min(258 - height, top)), width, height,
    }));
    const best = boxes.reduce((one, other) => (covered(other) < covered(one) ? other : one));
    taken.push(best);
    const name = drawn("text", { class: "name", "text-anchor": "middle", "data-id": id });
    name.append(...lines.map((line, number) =>
      drawn("tspan", { x: best.x + width / 2, y: best.y + NAME_LINE * number + 0.8 * NAME_LINE }, line)));
    return name;
  });
}

// One or two of much the same length; what is longer still is whole in the circle's title.
function inLines(name) {
  const words = name.split(" ");
  const longest = (lines) => Math.max(...lines.map((line) => line.length));
  const breaks = words.map((_, at) => [words.slice(0, at).join(" "), words.slice(at).join(" ")]);
  const even = breaks.reduce((one, other) => (longest(other) < longest(one) ? other : one)).filter(Boolean);
  return (name.length > NAME_LETTERS ? even : [name])
    .map((line) => (line.length > NAME_LETTERS ? `${[...line].slice(0, NAME_LETTERS - 1).join("")}…` : line));
}

function showMap(assignment, place) {
  const svg = find("map");
  const points = [...plane.segments, place];
  const reach = (axis) => [Math.min(...points.map((p) => p[axis])), Math.max(...points.map((p) => p[axis]))];
  const [[left, right], [low, high]] = [reach("x"), reach("y")];
  const unit = Math.min(300 / (right - left || 1), 170 / (high - low || 1)); // one scale for both axes
  const x = (p) => 200 + unit * (p.x - (left + right) / 2);
  const y = (p) => 138 - unit * (p.y - (low + high) / 2);
  const shapes = [];
  const nearest = plane.segments.find((segment) => segment.id === assignment.nearest_id);
  shapes.push(drawn("line", { class: "link", x1: x(nearest), y1: y(nearest), x2: x(place), y2: y(place) }));
  const circles = plane.segments.map((segment) => ({
    id: segment.id, x: x(segment), y: y(segment), r: 6 + 30 * Math.sqrt(cards.find((one) => one.id === segment.id).share),
  }));
  for (const { id, x, y, r } of circles) {
    const circle = drawn("circle", { cx: x, cy: y, r, fill: colourOf(id), "fill-opacity": 0.3, stroke: colourOf(id) });
    circle.append(drawn("title", {}, nameOf(id)));
    shapes.push(circle);
  }
  shapes.push(...namesBeside(circles));
  shapes.push(drawn("circle", { class: "you", cx: x(place), cy: y(place), r: 8 }));
  shapes.push(drawn("circle", { cx: x(place), cy: y(place), r: 3.5, fill: "currentColor", "data-x": place.x, "data-y": place.y, id: "you" }));
  svg.replaceChildren(...shapes);
  find("map-words").textContent =
    `The ring is this customer, nearest to ${nameOf(assignment.nearest_id)}. Circles are segments, larger for more customers. ` +
    `The picture keeps ${Math.round(100 * plane.kept)} % of the differences between segments; the model looks at all of them.`;
}

// -- the cards ------------------------------------------------------------------------------------------------------

function cardOf(card) {
  const change = element("div", { class: "change", "aria-live": "polite" });
  const made = element("article", { class: "card", "aria-label": card.name },
    element("h3", {}, card.name),
    element("p", {}, card.sentence));
  if (card.notes) made.append(element("p", { class: "notes" }, card.notes));
  if (card.insight) made.append(...insightOf(card.insight));
  const words = [...new Set(card.differences.map((difference) => difference.words))].slice(0, 5);
  if (words.length) made.append(element("ul", {}, ...words.map((word) => element("li", {}, word))));
  made.append(element("b", { class: "belongs", hidden: true }, "This customer is here."), change,
    element("button", { type: "button", onclick: () => reach(card, change) }, `What would it take?`));
  made.querySelector("button").setAttribute("aria-label", `What would it take to come to ${card.name}?`);
  made.dataset.id = card.id;
  made.style.setProperty("--own", colourOf(card.id));
  return made;
}

// Figures as of the discovery: money, churn, the size at each month end, and customers to know the segment by.
function insightOf(insight) {
  const parts = [];
  const figures = insight.money.map((money) => [money.title, `${short(money.amount)} ${money.unit}` +
    (money.share === null ? "" : ` (${plain(100 * money.share)} %)`)]);
  if (insight.churn_rate !== null) figures.push(["churn a month", `${plain(100 * insight.churn_rate)} %`]);
  if (figures.length) parts.push(element("dl", {}, ...figures.flatMap(([title, words]) =>
    [element("dt", {}, title), element("dd", {}, words)])));
  const points = insight.trend.filter((point) => !point.short_history); // what the tables do not reach back to is no trend
  if (points.length > 1) parts.push(trendOf(points));
  if (insight.examples.length) parts.push(element("details", {}, element("summary", {}, "Customers like these"),
    element("ul", { class: "examples" }, ...insight.examples.map((example) => element("li", {},
      element("b", {}, example.customer), example.why === "border" ? " (on the border)" : "", ": ",
      example.values.map(({ title, value }) => `${title} ${value}`).join(", "))))));
  return parts;
}

function trendOf(points) {
  const most = Math.max(...points.map((point) => point.customers), 1);
  const [first, last] = [points[0], points.at(-1)];
  const words = `${plain(first.customers)} customers in ${first.month}, ${plain(last.customers)} in ${last.month}`;
  const line = drawn("svg", { class: "trend", role: "img", viewBox: "0 0 100 30", preserveAspectRatio: "none", "aria-label": words });
  const places = points.map((point, at) => `${(100 * at) / (points.length - 1)},${28 - (26 * point.customers) / most}`);
  line.append(drawn("title", {}, words), drawn("polyline", { points: places.join(" ") }));
  const box = element("div", {}, line, element("p", { class: "faint small" }, words));
  return box;
}

const short = (amount) => [[1e9, "B"], [1e6, "M"]].reduce((text, [size, letter]) =>
  text ?? (Math.abs(amount) >= size ? `${plain(amount / size)} ${letter}` : null), null) ?? plain(amount);

const ticked = () => [...document.querySelectorAll("#changeable input:checked")].map((box) => box.value);

function tickBoxes() {
  const off = new Set([...document.querySelectorAll("#changeable input:not(:checked)")].map((box) => box.value));
  const legend = find("changeable").querySelector("legend");
  find("changeable").replaceChildren(legend, ...basis().map((feature) => element("label", {},
    element("input", { type: "checkbox", value: feature.name, checked: !off.has(feature.name) }), feature.title)));
}

// A reader can act on a few changes. So where the smallest change takes more, the features that it moves farthest are
// tried alone; if they do not suffice, the smallest change stands.
async function fewestChanges(to, changeable) {
  const customer = { id: "explorer", features: { ...values } };
  const smallest = await ask("what_would_change", { customer, to, changeable });
  const own = smallest.changes.filter((change) => !change.follows);
  if (own.length <= MOST_CHANGES) return smallest;
  const moved = new Map(own.map((change) => [change.feature, movement(change)]));
  const farthest = [...moved.keys()].sort((a, b) => moved.get(b) - moved.get(a)).slice(0, MOST_CHANGES);
  const few = await ask("what_would_change", { customer, to, changeable: farthest });
  return few.found ? few : smallest;
}

// How far a change moves a feature's slider, of 1000 steps; a category has no way between.
function movement({ feature: name, before, after }) {
  const feature = basis().find((each) => each.name === name);
  if (feature.kind === "category" || before === null || after === null) return 1000;
  const along = scale(feature);
  return Math.abs(along.place(after) - along.place(before));
}

async function reach(card, box) {
  const number = asked;
  box.replaceChildren("looking …");
  try {
    const changeable = ticked();
    if (!changeable.length) return box.replaceChildren("Tick what may change first.");
    const fewest = await fewestChanges(card.id, changeable);
    if (number !== asked) return;
    if (!fewest.found) return box.replaceChildren(fewest.reason);
    box.replaceChildren(
      element("ul", {}, ...fewest.changes.map((change) => element("li", {}, change.words))),
      element("button", { type: "button", onclick: () => use(fewest.features) }, "Make this change"));
  } catch (error) {
    box.replaceChildren();
    complain(error);
  }
}

// -- the beginning --------------------------------------------------------------------------------------------------

async function start() {
  let listed;
  try {
    let described, picture;
    [described, listed, picture] = await Promise.all([ask("model"), ask("segments"), ask("map")]);
    [model, cards, plane] = [described, listed.segments, picture];
  } catch (error) {
    find("model").textContent = "";
    return complain(error);
  }
  complain(null);
  find("model").textContent = `${model.name}, version ${model.model_version}`;
  const options = () => cards.map((card) => element("option", { value: card.id }, card.name));
  find("start").replaceChildren(...options());
  find("against").replaceChildren(element("option", { value: "" }, "the runner-up"), ...options());
  find("cards").replaceChildren(...cards.map(cardOf));
  find("report").hidden = !listed.has_report;
  find("search").hidden = !listed.finds_customers;
  tickBoxes();
  if (!basis().every((feature) => feature.name in values)) values = {};
  for (const feature of basis()) values[feature.name] ??= typical(cards[0])[feature.name] ?? (feature.nullable ? null : fallback(feature));
  fields = basis().map(field);
  find("features").replaceChildren(...fields.map((one) => one.box));
  find("explorer").hidden = false;
  later();
}

// The segment that the file of assignments has for a customer; its values are not known here.
find("search").addEventListener("submit", async (event) => {
  event.preventDefault();
  const id = find("customer-id").value.trim();
  if (!id) return;
  try {
    const known = await ask("find_customer", { id });
    const segment = known.segment_id === null ? "no segment" : known.segment_name ?? `${known.segment_id}, which this model does not have`;
    find("found").textContent = `${id}: ${segment}` + (known.strength === null ? "" : `, strength ${known.strength.toFixed(2)}`);
    document.querySelector(`.card[data-id="${CSS.escape(known.segment_id ?? "")}"]`)?.scrollIntoView({ block: "nearest" });
  } catch (error) {
    if (!(error instanceof Refused)) return complain(error);
    find("found").textContent = error.message;
  }
});
find("start").addEventListener("change", () => use(typical(cards.find((card) => card.id === find("start").value))));
find("against").addEventListener("change", later);
find("use-typed").addEventListener("click", () => {
  try {
    const typed = JSON.parse(find("typed").value);
    const known = new Set(basis().map((feature) => feature.name));
    const strange = Object.keys(typed).filter((name) => !known.has(name));
    if (strange.length) throw new Error(`the model has no feature ${strange.join(", ")}`);
    use(typed);
  } catch (error) {
    find("alert").hidden = false;
    find("alert").textContent = `These values cannot be used: ${error.message}`;
  }
});
start();
