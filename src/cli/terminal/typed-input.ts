import { TERMINAL_PIECE_BYTES } from "../../protocol/terminal.ts"

/** A piece of what was typed, at its offset in all that was typed. */
export interface TypedPiece {
  readonly offset: number
  readonly bytes: Uint8Array
}

/** Typed while there is no connection: beyond this, keys are dropped and said to be lost. */
export const MAX_TYPED_AWAY_BYTES = 64 * 1024
/** Typed and not yet taken by the host: beyond this, no more keys are read. */
const MAX_UNTAKEN_BYTES = 1024 * 1024

/**
 * What was typed and the host has not yet said to have: kept to be sent again after a lost connection, from where the host
 * stopped, so that each key arrives once.
 */
export class TypedInput {
  #pieces: TypedPiece[] = []
  #start = 0
  #end = 0

  /** Typed and not known to be taken. */
  get waitingBytes(): number {
    return this.#end - this.#start
  }

  get isFull(): boolean {
    return this.waitingBytes >= MAX_UNTAKEN_BYTES
  }

  /** Keeps what was typed; returns the pieces to send. */
  type(bytes: Uint8Array): TypedPiece[] {
    const fresh: TypedPiece[] = []
    for (let at = 0; at < bytes.length; at += TERMINAL_PIECE_BYTES) {
      const piece = { offset: this.#end, bytes: bytes.subarray(at, at + TERMINAL_PIECE_BYTES) }
      this.#end += piece.bytes.length
      fresh.push(piece)
    }
    this.#pieces.push(...fresh)
    return fresh
  }

  /** The host has everything before `offset`. */
  taken(offset: number): void {
    if (offset <= this.#start || offset > this.#end) return
    this.#start = offset
    this.#pieces = this.#pieces
      .filter((piece) => piece.offset + piece.bytes.length > offset)
      .map((piece) => ({
        offset: Math.max(piece.offset, offset),
        bytes: piece.bytes.subarray(Math.max(0, offset - piece.offset)),
      }))
  }

  /** What to send on a new connection, where the host has `taken` bytes. */
  again(taken: number): readonly TypedPiece[] {
    this.taken(taken)
    return this.#pieces
  }

  /** The host has never heard of this client: counting starts anew. Returns how many bytes were typed in vain. */
  restart(): number {
    const lost = this.waitingBytes
    this.#pieces = []
    this.#start = 0
    this.#end = 0
    return lost
  }
}
