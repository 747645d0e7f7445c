import { hash } from "node:crypto"
import { type JsonObject, objectsOf } from "../../gateway/json-object.ts"

const MOST = 16_384
/** A long message is looked at in pieces, so that two with the same beginning are seen to have it. */
const PIECE_LENGTH = 4_096
const MOST_PIECES = 256

/** One of a prompt's beginnings. */
export interface Beginning {
  readonly digest: string
  /** How much of the prompt it is, from 0 to 1. */
  readonly part: number
}

/**
 * The beginnings of what an engine is asked, from the shortest to the whole: after each message, and within long ones. What comes before the
 * messages in a prompt comes first: tools.
 */
export function beginningsOf({ tools, messages, prompt, input }: JsonObject): Beginning[] {
  const said = messages === undefined ? [prompt ?? input] : objectsOf(messages)
  const pieces: string[] = []
  for (const each of [...(tools === undefined ? [] : [tools]), ...said]) {
    const text = JSON.stringify(each) ?? ""
    for (let at = 0; at < text.length && pieces.length < MOST_PIECES; at += PIECE_LENGTH)
      pieces.push(text.slice(at, at + PIECE_LENGTH))
  }
  const whole = pieces.reduce((sum, { length }) => sum + length, 0)
  let digest = ""
  let length = 0
  return pieces.map((piece) => {
    digest = hash("sha1", `${digest}${piece}`, "base64")
    length += piece.length
    return { digest, part: length / whole }
  })
}

/** Less of a prompt than this in its cache is no reason to ask a replica: all that share a system prompt would be sent to one. */
const LEAST_PART = 0.5

/** Which replica was asked last with a beginning: it likely has it in its cache. The oldest are forgotten. */
export class PrefixMemory {
  readonly #replicas = new Map<string, string>()

  /** The replica that likely has most of a prompt, of those that can be asked; `undefined` where none has half of it. */
  find(beginnings: readonly Beginning[], canBe: (replica: string) => boolean): string | undefined {
    for (const { digest, part } of beginnings.toReversed()) {
      if (part < LEAST_PART) return undefined
      const replica = this.#replicas.get(digest)
      if (replica !== undefined && canBe(replica)) return replica
    }
    return undefined
  }

  remember(beginnings: readonly Beginning[], replica: string): void {
    for (const { digest } of beginnings) {
      this.#replicas.delete(digest)
      this.#replicas.set(digest, replica)
    }
    for (const oldest of this.#replicas.keys()) {
      if (this.#replicas.size <= MOST) return
      this.#replicas.delete(oldest)
    }
  }
}
