import type { OrderData } from "../../protocol/data-wire.ts"
import { type AgentContext, nameOf, tell } from "../agent-context.ts"
import type { Attempt } from "../attempt.ts"

const TELL_MS = 1_000

/** Tells the server, as long as it is not disposed of, how far an attempt's data is on its way: at once, then while that changes. */
export class PlacingProgress implements Disposable {
  readonly #tell: () => void
  readonly #timer: NodeJS.Timeout
  #missingBytes: (() => number) | undefined

  constructor(context: AgentContext, attempt: Attempt, { name, bytes }: OrderData) {
    let told = -1
    this.#tell = () => {
      const missing = this.#missingBytes?.()
      if (missing === undefined) return
      const doneBytes = Math.max(0, bytes - missing)
      if (doneBytes === told) return
      told = doneBytes
      tell(context, attempt, { type: "placing", ...nameOf(attempt), name, doneBytes, totalBytes: bytes })
    }
    this.#timer = setInterval(this.#tell, TELL_MS)
  }

  /** @param missingBytes looks how much is still to come */
  follow(missingBytes: () => number): void {
    this.#missingBytes = missingBytes
    this.#tell()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }
}
