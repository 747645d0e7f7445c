const MOST = 4_096

/** Which replica was asked last with a beginning: it likely has it in its cache. The oldest are forgotten. */
export class PrefixMemory {
  readonly #replicas = new Map<string, string>()

  find(prefix: string): string | undefined {
    return this.#replicas.get(prefix)
  }

  remember(prefix: string, replica: string): void {
    this.#replicas.delete(prefix)
    this.#replicas.set(prefix, replica)
    if (this.#replicas.size <= MOST) return
    const [oldest] = this.#replicas.keys()
    if (oldest !== undefined) this.#replicas.delete(oldest)
  }
}
