import type { ResourceRequest } from "../../protocol/resources.ts"

/** What a job takes of each of its hosts; whole: all of it, and nobody else is there. */
export type Need = ResourceRequest | "whole"

/** What the whole pool has some of, as licences: pieces by name. */
export type Pieces = Readonly<Record<string, number>>

/** The same text for needs that are the same to the last byte. */
export function needText(need: Need): string {
  return need === "whole" ? need : `${need.memoryBytes} ${need.gpus} ${need.cores}`
}
