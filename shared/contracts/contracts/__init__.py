"""What the services of the GSE profession platform say: frozen models, their classes, their schemas."""
