import { isId, type RunId } from "./ids.ts"

/**
 * A server as hosts tell it from its copies, which have the same id: one run of the process, and the place where its data
 * folder lies. Only one process can run at a place at a time; a copied data folder is at another place.
 */
export interface ServerInstance {
  /** Another one at each start. */
  readonly run: RunId
  /** Names machine and folder: 32 hex digits. */
  readonly place: string
  /** The place for people: "mini.lab:/srv/windfall". */
  readonly where: string
  /** Only who has the server's data, or a copy of it, can make this for the rest: 64 hex digits. */
  readonly proof: string
}

const PARTS = /^(\w+)\/([0-9a-f]{32})\/([\w.%-]{1,3000})\/([0-9a-f]{64})$/

/** The instance as one word without anything a shell would look at. */
export function instanceText({ run, place, where, proof }: ServerInstance): string {
  const plain = encodeURIComponent(where.slice(0, 300)).replace(/[!'()*~]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)
  return `${run}/${place}/${plain}/${proof}`
}

/** Reads {@link instanceText}; `null` for anything else. */
export function readInstance(text: string): ServerInstance | null {
  const [, run, place = "", where = "", proof = ""] = PARTS.exec(text) ?? []
  if (!isId("r", run)) return null
  try {
    return { run: run as RunId, place, where: decodeURIComponent(where), proof }
  } catch {
    return null
  }
}
