const GIB = 1024 ** 3

/**
 * What the server knows of the memory that is available on this host. Between two samples it places jobs by the last one, so that it is to be
 * told at once when much is gone.
 */
export class MemoryNews {
  #toldBytes: number | null = null
  readonly #stepBytes: number
  readonly #sample: () => Promise<void>

  /** @param sample tells the server how much is available, and ends in {@link told} */
  constructor(memoryBytes: number, sample: () => Promise<void>) {
    this.#stepBytes = Math.max(GIB / 2, memoryBytes / 32)
    this.#sample = sample
  }

  told(availableBytes: number): void {
    this.#toldBytes = availableBytes
  }

  /** Tells the server where it believes in much more. Resolves when it is told; whether it was to be. Never throws. */
  async seen(availableBytes: number): Promise<boolean> {
    if (this.#toldBytes === null || this.#toldBytes - availableBytes < this.#stepBytes) return false
    // Once for each fall, whatever a sample then says.
    this.#toldBytes = availableBytes
    await this.#sample().catch(() => {})
    return true
  }
}
