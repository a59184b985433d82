"""Metrics per window, detectors with a stated false-alarm rate, alerts, incidents."""
