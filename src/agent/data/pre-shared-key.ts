/**
 * How two agents speak for the length of one transfer: TLS with a key that the server has told both, and nothing else. Who does
 * not have the key gets no byte and learns none by listening; neither side needs a certificate.
 */
import type { TlsOptions } from "node:tls"

export const IDENTITY = "windfall-data"

/** Node gives pre-shared keys to TLS 1.2 alone. The key is as short-lived as the connection, so it need not outlive its theft. */
export const TLS_OPTIONS = {
  ciphers: "PSK-AES256-GCM-SHA384",
  minVersion: "TLSv1.2",
  maxVersion: "TLSv1.2",
} as const satisfies TlsOptions

export const KEY_BYTES = 32
/** A silent connection is given up after this long, by either side. */
export const SILENCE_MS = 5_000
/** What one transfer may ask for. */
export const MAX_HASHES = 2_000_000
