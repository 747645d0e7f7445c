import type { HeldKind } from "../../protocol/host-disk.ts"
import type { BlobHash } from "../../protocol/ids.ts"
import type { DataShelf } from "../data/data-shelf.ts"
import { dataInUse } from "../data/place-data.ts"
import type { Holding } from "./disk-budget.ts"
import type { Attempts, HeldPart } from "./held-part.ts"

/** Blobs of no tree that is laid out. */
const LOOSE = "loose"

/** Data of jobs, version by version. */
export class DataPart implements HeldPart {
  readonly #shelf: DataShelf
  readonly #attempts: Attempts

  constructor(shelf: DataShelf, attempts: Attempts) {
    this.#shelf = shelf
    this.#attempts = attempts
  }

  sizes(): Partial<Record<HeldKind, number>> {
    return { data: this.#shelf.bytes }
  }

  holdings(): Holding[] {
    const inUse = dataInUse({ attempts: this.#attempts })
    const trees = this.#shelf.trees().map(({ root, bytes, usedMs, busy }) => {
      return { kind: "data", name: root, bytes, usedMs, inUse: busy || inUse.has(root) } as const
    })
    const bytes = Math.max(0, this.#shelf.unwantedBytes())
    return [{ kind: "data", name: LOOSE, bytes, usedMs: 0, inUse: false }, ...trees]
  }

  async remove(holdings: readonly Holding[]): Promise<void> {
    const loose = holdings.find(({ name }) => name === LOOSE)
    if (loose !== undefined) await this.#shelf.dropUnwanted(loose.bytes)
    const roots = holdings.map(({ name }) => name as BlobHash)
    this.#shelf.letGo(roots, dataInUse({ attempts: this.#attempts }))
    await this.#shelf.close()
  }

  tidy(): void {
    this.#shelf.removeHalfLaidOut()
  }
}
