import type { HeldKind } from "../../protocol/host-disk.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import type { HostCache } from "../host-cache.ts"
import type { Holding } from "./disk-budget.ts"
import type { Attempts, HeldPart } from "./held-part.ts"

/** Workspaces: their blobs, and the copy that is laid out. */
export class WorkspacePart implements HeldPart {
  readonly #cache: HostCache
  readonly #attempts: Attempts

  constructor(cache: HostCache, attempts: Attempts) {
    this.#cache = cache
    this.#attempts = attempts
  }

  sizes(): Partial<Record<HeldKind, number>> {
    return { workspaces: this.#cache.bytes }
  }

  holdings(): Promise<Holding[]> {
    return this.#cache.holdings(this.#inUse())
  }

  async remove(holdings: readonly Holding[]): Promise<void> {
    const inUse = this.#inUse()
    if (inUse !== undefined) await this.#cache.remove(holdings, inUse)
  }

  /** `undefined` while an attempt is being prepared: what has come for it belongs to no whole tree yet. */
  #inUse(): Set<BlobHash> | undefined {
    const held = [...this.#attempts.values()].filter(({ phase }) => phase !== "ended")
    if (held.some(({ phase }) => phase === "preparing")) return undefined
    return new Set(held.flatMap(({ order }) => [order?.workspace ?? null, order?.stdin ?? null]).filter(isNamed))
  }
}

function isNamed(hash: BlobHash | null): hash is BlobHash {
  return hash !== null
}
