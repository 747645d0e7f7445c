import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto"
import { chmodSync, linkSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { WindfallError } from "../../protocol/errors.ts"
import { makePrivateFolder } from "../../workspace/make-folder.ts"

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Encrypts what must not lie readable in the database (AES-256-GCM, a fresh nonce each time). */
export class SecretBox {
  readonly #key: Uint8Array

  constructor(key: Uint8Array) {
    this.#key = key
  }

  /** @param context says what it is; the same is needed to open it, so that sealed values cannot be swapped */
  seal(plain: string | Uint8Array, context: string): Uint8Array {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv("aes-256-gcm", this.#key, nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(Buffer.from(context))
    return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  }

  /** @throws {WindfallError} corrupt_data when it was sealed with another key or for something else */
  open(sealed: Uint8Array, context: string): string {
    try {
      const tagAt = sealed.length - TAG_BYTES
      const decipher = createDecipheriv("aes-256-gcm", this.#key, sealed.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      })
      decipher.setAAD(Buffer.from(context))
      decipher.setAuthTag(sealed.subarray(tagAt))
      return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, tagAt)), decipher.final()]).toString("utf8")
    } catch (cause) {
      throw new WindfallError("corrupt_data", "Cannot open a sealed value: it was sealed with another key", { cause })
    }
  }
}

/**
 * Reads the key file, which lies outside the data folder so that a copy of that folder gives nothing away. Made (0600)
 * when absent.
 */
export function openSecretBox(keyFile: string): SecretBox {
  makePrivateFolder(
    dirname(keyFile),
    "The server's key lies there: set HOME, XDG_CONFIG_HOME or WINDFALL_KEY_FILE to where a folder can be made",
  )
  let text = readIfThere(keyFile)
  if (text === undefined) {
    // Written aside and linked: two servers of one account starting at once agree on one key.
    const aside = `${keyFile}.${process.pid}.${randomBytes(4).toString("hex")}`
    writeFileSync(aside, `${randomBytes(KEY_BYTES).toString("base64")}\n`, { mode: 0o600, flush: true })
    try {
      linkSync(aside, keyFile)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
    } finally {
      rmSync(aside, { force: true })
    }
    text = readFileSync(keyFile, "utf8")
  }
  if ((statSync(keyFile).mode & 0o077) !== 0) chmodSync(keyFile, 0o600)
  const key = Buffer.from(text.trim(), "base64")
  if (key.length !== KEY_BYTES) {
    throw new WindfallError("corrupt_data", `Cannot read the key file ${keyFile}: it does not hold a key`, {
      hint: "Restore it from a copy; without it the stored secrets are lost and must be set anew after removing the file",
    })
  }
  return new SecretBox(key)
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined
    throw error
  }
}
