"""AES-128 in CBC, which the ESP32's ``cryptolib`` has in hardware (it has no CTR); ``cryptography`` on the host."""

try:
    from cryptolib import aes

    _CBC = 2

    def encrypt_cbc(key, iv, data):
        """``data`` (whole 16-byte blocks) encrypted under ``key`` (16 bytes) and ``iv`` (16 bytes)."""
        return aes(key, _CBC, iv).encrypt(data)

    def decrypt_cbc(key, iv, data):
        """The inverse of `encrypt_cbc`."""
        return aes(key, _CBC, iv).decrypt(data)

except ImportError:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    def encrypt_cbc(key, iv, data):
        """``data`` (whole 16-byte blocks) encrypted under ``key`` (16 bytes) and ``iv`` (16 bytes)."""
        return Cipher(algorithms.AES(key), modes.CBC(iv)).encryptor().update(data)

    def decrypt_cbc(key, iv, data):
        """The inverse of `encrypt_cbc`."""
        return Cipher(algorithms.AES(key), modes.CBC(iv)).decryptor().update(data)
