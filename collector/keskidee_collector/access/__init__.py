"""Who is who: tokens, proxies and strangers, and the authority that agents trust."""
