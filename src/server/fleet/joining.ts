import { WindfallError } from "../../protocol/errors.ts"

/** Machines that are joining now, by host key (this very machine: by its address): none joins twice at once, under two names. */
export class Joining {
  readonly #keys = new Set<string>()

  /** Until the result is disposed of. @throws {WindfallError} name_taken while it joins already */
  begin(key: string, address: string): Disposable {
    if (this.#keys.has(key)) {
      throw new WindfallError("name_taken", `Cannot add ${address}: it is joining right now`, {
        hint: "Wait until that has ended, and look: windfall host ls",
      })
    }
    this.#keys.add(key)
    return { [Symbol.dispose]: () => void this.#keys.delete(key) }
  }
}
