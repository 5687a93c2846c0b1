"""The verbs of the service, for the command `migrate`."""
