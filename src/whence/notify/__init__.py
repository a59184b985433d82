"""Telling people: what is to be told is composed once, kept, sent, and tried again."""
