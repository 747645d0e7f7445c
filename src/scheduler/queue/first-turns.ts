import { AskedTurns } from "./asked-turns.ts"
import { OwnTurns, type OwnTurnsParts } from "./own-turns.ts"

/** Turns before all others: of those for whom some were asked to make room, then of owners on their own hosts. */
export class FirstTurns {
  readonly asked: AskedTurns
  readonly own: OwnTurns

  constructor(parts: OwnTurnsParts) {
    this.asked = new AskedTurns(parts)
    this.own = new OwnTurns(parts)
  }
}
