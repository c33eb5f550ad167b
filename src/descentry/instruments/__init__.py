"""Instruments: what can be measured on a live model, one file each, with a declared cost. Imports torch."""
