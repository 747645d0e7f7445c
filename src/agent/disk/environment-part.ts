import type { HeldKind } from "../../protocol/host-disk.ts"
import type { Environments } from "../environments.ts"
import { keysInUse } from "../prepare-environment.ts"
import type { Trash } from "../trash.ts"
import type { Holding } from "./disk-budget.ts"
import type { Attempts, HeldPart } from "./held-part.ts"

/** Python environments. What killed builds have left is not counted: it goes at the next look. */
export class EnvironmentPart implements HeldPart {
  readonly #environments: Environments
  readonly #attempts: Attempts
  readonly #trash: Trash

  constructor(environments: Environments, attempts: Attempts, trash: Trash) {
    this.#environments = environments
    this.#attempts = attempts
    this.#trash = trash
  }

  sizes(): Partial<Record<HeldKind, number>> {
    return { environments: this.#environments.list().reduce((sum, { bytes }) => sum + bytes, 0) }
  }

  holdings(): Holding[] {
    const inUse = keysInUse({ attempts: this.#attempts })
    return this.#environments.list().map(({ key, bytes, lastUsedMs }) => {
      return { kind: "environments", name: key, bytes, usedMs: lastUsedMs, inUse: inUse.has(key) }
    })
  }

  async remove(holdings: readonly Holding[]): Promise<void> {
    const inUse = keysInUse({ attempts: this.#attempts })
    for (const { name } of holdings) if (!inUse.has(name)) this.#environments.remove(name)
    await this.#trash.done()
  }

  tidy(): void {
    this.#environments.removeHalfBuilt(keysInUse({ attempts: this.#attempts }))
  }
}
