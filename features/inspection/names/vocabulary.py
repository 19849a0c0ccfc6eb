"""The words that people use in column and file names, by what they mean; lower case, without accents."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Concept(StrEnum):
    """What a word of a name is about."""

    CUSTOMER = "customer"
    KEY = "key"
    EMAIL = "email"
    NAME = "name"
    ORDER = "order"
    LINE = "line"
    PRODUCT = "product"
    MOMENT = "moment"
    CREATED = "created"
    CHANGED = "changed"  # a moment other than that of the purchase: shipped, due, updated
    SIGNED_UP = "signed up"
    START = "start"
    END = "end"
    AMOUNT = "amount"
    PAID = "paid"  # money of a customer, which adds up; not a total, a value or a price of anything
    GROSS = "gross"
    NET = "net"
    PART = "part"  # money that is not what was paid: tax, shipping, cost
    QUANTITY = "quantity"
    UNIT = "unit"
    PRICE = "price"
    DISCOUNT = "discount"
    RATE = "rate"
    REFUND = "refund"
    CURRENCY = "currency"
    STATUS = "status"
    EVENT = "event"
    FEATURE = "feature"
    TYPE = "type"
    DEVICE = "device"
    RECURRING = "recurring"
    MONTH = "month"
    YEAR = "year"
    PLAN = "plan"
    SUBSCRIPTION = "subscription"
    SEATS = "seats"
    USED = "used"
    ALLOWED = "allowed"
    QUOTA = "quota"
    PERSONAL = "personal"  # names one person: telephone, address, surname
    BEARER = "bearer"  # what one person or household has alone, by whose number they are known: a card, a telephone
    SENSITIVE = "sensitive"  # a trait of a person: one of those of `TRAITS`
    AGE = "age"
    BIRTH = "birth"
    GENDER = "gender"
    HEALTH = "health"
    HOME = "home"
    STANDING = "standing"  # origin, belief, family, whether somebody is well
    HOMOGRAPH = "homograph"  # a trait in one language or meaning, and something else in another
    ACCOUNT = "account"  # no person: what a customer has or works for
    PLACE = "place"
    THING = "thing"  # has an age, a state or a place of its own
    CODE = "code"
    FREE_TEXT = "free text"
    JOINT = "joint"  # carries no meaning: of, the, is


_WORDS: Mapping[Concept, str] = {
    Concept.CUSTOMER: """
        uid cid custid rider riders passenger patient student pupil customer customers cust client clients
        clientes cliente klant klanten kunde kunden kund kd user users usr account accounts acct acc buyer
        buyers shopper shoppers member members household households hh subscriber subscribers patron guest
        visitor contact contacts company companies organisation organization org workspace tenant merchant
        benutzer nutzer mitglied kaufer kaeufer besteller abonnent abonnenten haushalt haushalte firma firmen
        acheteur utilisateur abonne membre compte comprador usuario usuarios socio miembro cuenta acquirente
        utente utenti foyer gebruiker koper lid asiakas clienti konto donor donors player players debitor
        debitoren auftraggeber demographics payer payers policyholder policyholders insured
        """,
    Concept.KEY: """
        uid cid custid id ids no nr num number nummer nummern key keys uuid guid ref reference referenz kennung
        numero nro nummero kenn identifier identifiant identificador identificativo pk sk hash codigo
        kennzeichen kennz
        """,
    Concept.EMAIL: "email emails mail mails courriel correo posta emailaddress",
    Concept.NAME: "name names nom nombre nome naam bezeichnung label title titel",
    Concept.ORDER: """
        ride rides gift gifts donation donations pledge deal deals reservation order orders invoice invoices
        basket baskets cart transaction transactions trans trx txn tx receipt receipts purchase purchases sale
        sales bill bills booking bookings ticket charge charges payment payments checkout trip bestellung
        bestellungen bestell best rechnung rechnungen rechnungs rech auftrag auftraege auftrage auftrags beleg
        belege bon bons kauf kaufe kaeufe einkauf verkauf verkaufe verkaeufe warenkorb vorgang umsatze umsaetze
        commande commandes facture factures achat achats vente ventes panier pedido pedidos factura facturas
        compra compras venta ventas ordine ordini fattura fatture acquisto acquisti vendita vendite scontrino
        bestelling bestellingen factuur facturen aankoop verkoop encomenda fatura venda vendas inv ord
        zahlung zahlungen faktura fakturen buchung buchungen
        """,
    Concept.LINE: """
        line lines lineitem item items row rows position positionen pos zeile zeilen posten detail details ligne
        lignes linea lineas riga righe regel regels linha
        """,
    Concept.PRODUCT: """
        product products produkt produkte prod sku skus article articles artikel art stock asin ean upc barcode
        variant produit produits producto productos prodotto prodotti produto model brand marke ware waren goods
        department dept
        """,
    Concept.MOMENT: """
        date dates datetime time timestamp ts at on when datum zeit zeitpunkt zeitstempel uhrzeit tag moment
        fecha hora jour heure dia giorno ora dtm dt day utc local gmt tijd tijdstip data am stamp
        """,
    Concept.CREATED: """
        created create creation placed processed completed close closed paid ordered purchased invoiced booked issued
        posted bought sold erstellt angelegt bezahlt bestellt gekauft occurred happened logged received cree
        creado creata pago pagado effective
        """,
    Concept.CHANGED: """
        updated update modified changed edited shipped ship shipping delivery delivered dispatch due fulfilled
        fulfilment fulfillment estimated refunded returned cancel cancelled canceled geandert geaendert versandt
        versand liefer lieferung geliefert fallig faellig livraison envio modifie modificado exported synced
        loaded ingested last letzte
        """,
    Concept.SIGNED_UP: """
        signup signed sign registered registration register joined join enrolled enrollment enrolment onboarded
        known since first registriert registrierung anmeldung angemeldet beitritt inscription registro
        iscrizione seit acquired
        """,
    Concept.START: """
        start started starts begin began begins beginning begun from activated activation beginn anfang ab von
        debut inicio inizio startdatum valid vertragsbeginn desde begindatum
        """,
    Concept.END: """
        end ended ends ending until to till finish finished expires expired expiry expiration cancelled canceled
        cancel cancellation churn churned terminated termination ende bis ablauf gekundigt gekuendigt kundigung
        kuendigung fin hasta einde stop stopped vertragsende resiliation baja
        """,
    Concept.AMOUNT: """
        fare fares amount amounts amt total totals sum revenue turnover value spend spent spending sales grand
        worth money paid betrag betraege summe umsatz gesamt gesamtbetrag gesamtpreis gesamtsumme wert erlos
        erloes endbetrag bestellwert warenwert montant somme ca valeur importe monto valor ingreso importo
        valore fatturato ricavo ricavi totale bedrag omzet totaal waarde receita rechnungsbetrag
        """,
    Concept.PAID: """
        charge charges payment payments purchases revenue turnover spend spent spending sales money paid fare fares
        mrr arr ltv clv umsatz erlos erloes betrag ingreso ingresos fatturato ricavo ricavi omzet receita
        """,
    Concept.GROSS: "gross brutto ttc bruto lordo inkl incl",
    Concept.NET: "net netto ht neto sub subtotal zwischensumme nettobetrag exkl excl",
    Concept.PART: """
        tax taxes vat gst mwst ust steuer tva iva btw taxe shipping freight versand versandkosten porto fracht
        fee fees gebuhr gebuehr gebuhren gebuehren cost costs kosten cogs margin marge gewinn profit balance
        saldo outstanding duties tip tips commission deposit surcharge livraison frais envio spedizione
        verzendkosten credit list
        """,
    Concept.QUANTITY: """
        quantity quantities qty qte quantite units unidades count menge anzahl stuck stueck stuckzahl stueckzahl
        stk cantidad cant quantita qta aantal quantidade qtd pieces pcs piece volume nombre
        """,
    Concept.UNIT: "unit each einzel per pro einheit unitaire unitario unitaria stuk einh",
    Concept.PRICE: """
        price prices preis preise einzelpreis stuckpreis stueckpreis prix precio prezzo prijs preco
        verkaufspreis vk
        """,
    Concept.DISCOUNT: """
        discount discounts disc rabatt rabatte nachlass remise reduction descuento sconto korting desconto
        rebate markdown promo promotion savings voucher gutschein coupon
        """,
    Concept.RATE: """
        score scores rating ratings satisfaction nps csat pct percent percentage prozent rate ratio share anteil quote
        pourcentage porcentaje percentuale
        """,
    Concept.REFUND: """
        refund refunds refunded return returns reversal chargeback reimbursement erstattung erstattet
        ruckerstattung rueckerstattung retoure remboursement remboursee reembolso rimborso terugbetaling
        gutschrift storno
        """,
    Concept.CURRENCY: "currency currencies ccy cur curr waehrung wahrung devise moneda divisa valuta moeda munt",
    Concept.STATUS: """
        status state stage zustand statut estado stato stand cancelled canceled financial storniert voided
        """,
    Concept.EVENT: """
        event events action actions activity activities interaction log logs click clicks ereignis ereignisse
        aktion aktivitat aktivitaet evenement evento eventos accion azione gebeurtenis actie usage tracking
        pageview pageviews session sessions visit visits hit hits nutzung clickstream marketing
        """,
    Concept.FEATURE: """
        feature features module modul modules screen page pages view area function funktion funktionen bereich
        seite fonction fonctionnalite funcion pagina funzione functie endpoint tool component url path
        """,
    Concept.TYPE: """
        type types typ art kind category categories kategorie class klasse tipo categorie group band bracket
        """,
    Concept.DEVICE: """
        device devices platform plattform os browser gerat geraet appareil dispositivo apparaat ua equipment
        plataforma
        """,
    Concept.RECURRING: "mrr recurring abo monatsbetrag monatspreis",
    Concept.MONTH: "month monthly mo monat monatlich monatliche mensuel mensual mensile maandelijks monats",
    Concept.YEAR: "year yearly annual annually arr jahr jahrlich jaehrlich annuel anual annuale jaarlijks jahres",
    Concept.PLAN: "plan plans tier package paket tarif tarife edition formule forfait piano pacchetto abonnementtype",
    Concept.SUBSCRIPTION: """
        subscription subscriptions sub subs contract contracts licence license vertrag vertrage vertraege
        abonnement abonnements abos contrat contrato suscripcion abbonamento abbonamenti contratto membership
        memberships assinatura
        """,
    Concept.SEATS: "seat seats licences licenses lizenzen plaetze platze arbeitsplatze users sieges asientos posti",
    Concept.USED: "used active activated genutzt verbraucht aktive utilises usados consumed",
    Concept.ALLOWED: "allowed allowance purchased max maximum limit limits included granted cap erlaubt permitted",
    Concept.QUOTA: "quota kontingent contingent allotment",
    Concept.PERSONAL: """
        phone telephone telefon tel mobile handy msisdn fax street strasse str rue calle via straat address addresses
        adresse direccion indirizzo adres surname lastname firstname vorname nachname prenom apellido apellidos
        cognome first last ip iban card cards ssn passport url website web twitter avatar
        """,
    Concept.BEARER: "card cards karte loyalty phone telephone telefon tel mobile handy msisdn iban",
    Concept.AGE: "age ages alter altersgruppe edad eta leeftijd idade",
    Concept.BIRTH: """
        birth born birthday birthdate dob geburt geburtsdatum geburtstag geburtsjahr naissance nacimiento nascita
        geboorte
        """,
    Concept.GENDER: "anrede salutation gender sex geschlecht genre sexe sexo sesso geslacht",
    Concept.HEALTH: "disability diagnosis medical pregnancy pregnant",
    Concept.HOME: "zip zipcode postal postcode plz cap codepostal",
    Concept.STANDING: """
        ethnicity ethnic race racial nationality nationalitat nationalitaet religion religious konfession health
        gesundheit disabled marital marriage married familienstand orientation sexual political politics senior
        citizenship citizen
        """,
    Concept.HOMOGRAPH: "eta genre cap disabled orientation",
    Concept.ACCOUNT: """
        account accounts acct acc konto compte cuenta company companies organisation organization org workspace tenant
        merchant firma firmen
        """,
    Concept.PLACE: """
        country land pays pais paese city stadt ort ville ciudad citta region province provinz bundesland county
        district location store shop filiale channel kanal branch warehouse timezone locale language sprache
        """,
    Concept.THING: """
        vehicle vehicles car cars truck auto automobile automobiles motorcycle bike boat house home building property
        machine fahrzeug fahrzeuge kfz wagen haus gebaude gebaeude maschine voiture vehicule maison batiment vehiculo
        coche casa edificio veicolo macchina voertuig huis
        """,
    Concept.CODE: "code codes zip zipcode postal postcode plz cap codepostal",
    Concept.FREE_TEXT: """
        note notes comment comments comentario kommentar kommentare bemerkung description beschreibung desc
        message nachricht text remarks memo reason tags tag subject body metadata json payload feedback
        """,
    Concept.JOINT: """
        of the is was has by in for de der die das des du la le el del di d l und and et y e a an den het van my
        our raw full current present actual value field
        """,
}
# words of a second meaning stand in both lists: "sales" is money and orders


TRAITS = frozenset({Concept.AGE, Concept.BIRTH, Concept.GENDER, Concept.HEALTH, Concept.HOME, Concept.STANDING})


def _by_word() -> Mapping[str, frozenset[Concept]]:
    concepts: dict[str, set[Concept]] = {}
    for concept, words in _WORDS.items():
        for word in words.split():
            concepts.setdefault(word, set()).update({concept, Concept.SENSITIVE} if concept in TRAITS else {concept})
    return MappingProxyType({word: frozenset(meanings) for word, meanings in concepts.items()})


CONCEPTS = _by_word()
CODES = (
    *("EUR", "USD", "GBP", "CHF", "JPY", "CNY", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "BRL", "AUD", "CAD", "INR"),
    *("MXN", "TRY", "NZD", "ZAR", "SGD", "HKD", "KRW", "RON", "ILS", "AED"),
)
CURRENCIES = {
    **{code.lower(): code for code in CODES},
    **{"euro": "EUR", "euros": "EUR", "dollar": "USD", "dollars": "USD", "pounds": "GBP", "sterling": "GBP"},
    **{"€": "EUR", "$": "USD", "£": "GBP", "¥": "JPY"},
}
