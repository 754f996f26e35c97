"""A POST on its way from bytes to what is known: opened, read, made durable, shown."""
