"""What every process needs: settings, logs, background tasks. Knows no storage, bus or HTTP."""
