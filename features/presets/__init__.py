"""Presets: what the exports of common shops and payment services say, one file a preset."""
