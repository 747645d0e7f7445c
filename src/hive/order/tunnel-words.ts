/**
 * What server and members say to each other about tunnels, in lines. Each member has a door on its own loopback, which the server reaches
 * through the host's link. The door says a {@link doorGreeting}; the server answers with a {@link DoorAnswer}, proven by the hive's engine key,
 * which besides the members only the server has. `control` of the head's door stays: over it the head asks for ways. Each way is two
 * connections, to the head's door and to a worker's, that the server joins; then the head says to the worker what it is for.
 */
export type DoorAnswer =
  /** From now on: `open WAY RANK` from the head, `failed WAY REASON` from the server. */
  | { readonly kind: "control" }
  /** One end of a way: all that follows comes from, and goes to, its other end. */
  | { readonly kind: "end"; readonly way: number }

/** What a way is for: the members' proof of life, or the engine's own traffic. */
export type WayPurpose = "pulse" | "engine"

/** The worker's answer to a purpose, where all is well; else `no REASON`. */
export const WAY_OPEN = "ok"

export function doorGreeting(nonce: string): string {
  return `windfall-tunnel 1 ${nonce}`
}

/** @returns the door's random number; `null` where it is another's greeting */
export function readDoorGreeting(line: string): string | null {
  return /^windfall-tunnel 1 ([0-9a-f]{32})$/.exec(line)?.[1] ?? null
}

export function doorWords(answer: DoorAnswer): string {
  return answer.kind === "control" ? "control" : `end ${answer.way}`
}

/** What is proven with the key (HMAC-SHA256, hexadecimal). */
export function provenText(nonce: string, words: string): string {
  return `windfall-tunnel ${nonce} ${words}`
}

/** Splits `PROOF WORDS`; `null` where it is something else. */
export function readDoorAnswer(
  line: string,
): { readonly proof: string; readonly words: string; readonly answer: DoorAnswer } | null {
  const [, proof = "", words = "", way] = /^([0-9a-f]{64}) (control|end (\d{1,9}))$/.exec(line) ?? []
  if (proof === "") return null
  return { proof, words, answer: way === undefined ? { kind: "control" } : { kind: "end", way: Number(way) } }
}

export function readOpen(line: string): { readonly way: number; readonly rank: number } | null {
  const [, way, rank] = /^open (\d{1,9}) (\d{1,2})$/.exec(line) ?? []
  return way === undefined ? null : { way: Number(way), rank: Number(rank) }
}

export function readFailed(line: string): { readonly way: number; readonly reason: string } | null {
  const [, way, reason = ""] = /^failed (\d{1,9}) (.{1,800})$/.exec(line) ?? []
  return way === undefined ? null : { way: Number(way), reason }
}

export function readPurpose(line: string): WayPurpose | null {
  return line === "pulse" || line === "engine" ? line : null
}
