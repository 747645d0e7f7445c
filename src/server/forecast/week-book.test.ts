import assert from "node:assert/strict"
import { test } from "node:test"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { HERE } from "../../../test/support/simulated-owner.ts"
import type { HostId } from "../../protocol/ids.ts"
import type { HostObstacle, HostPresence } from "../../protocol/owner.ts"
import { expectedHours } from "../../scheduler/forecast/expected-presence.ts"
import { usualTimes, usualTimesText } from "../../scheduler/forecast/usual-times.ts"
import { Database } from "../../store/database.ts"
import { LearnedWeekStore } from "../../store/learned-weeks.ts"
import { migrate } from "../../store/migrate.ts"
import { WeekBook } from "./week-book.ts"

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const BERLIN = "Europe/Berlin"
/** A Monday, 00:00 in Berlin; summer time ends after three weeks. */
const MONDAY_MS = Date.parse("2026-10-04T22:00:00Z")
const MAC = "h-1" as HostId

function told(state: HostPresence["state"], obstacles: readonly HostObstacle[] = []): HostPresence {
  return { at: 0, state, since: 0, text: "", obstacles }
}

/** A database and its book, which can be opened anew. */
class Scene implements Disposable {
  readonly #folder = new ScratchFolder()
  #database: Database
  store: LearnedWeekStore
  book: WeekBook
  written = 0

  constructor() {
    this.#database = new Database(this.#folder.at("weeks.db"))
    migrate(this.#database)
    this.store = new LearnedWeekStore(this.#database)
    this.book = new WeekBook(this.store)
  }

  reopen(): void {
    this.#database.close()
    this.#database = new Database(this.#folder.at("weeks.db"))
    this.store = new LearnedWeekStore(this.#database)
    this.book = new WeekBook(this.store)
  }

  /** Tells minute by minute, as an agent does, who is there. */
  tell(fromMs: number, toMs: number, isHere: (atMs: number) => boolean): void {
    for (let atMs = fromMs; atMs <= toMs; atMs += MINUTE_MS) {
      const before = this.book.weekOf(MAC)
      this.book.note(MAC, isHere(atMs) ? told("here", [HERE]) : told("away"), BERLIN, atMs)
      if (this.book.weekOf(MAC) !== before) this.written++
    }
  }

  text(): string | null {
    const week = this.book.weekOf(MAC)
    return week === null ? null : usualTimesText(usualTimes(expectedHours(week)))
  }

  [Symbol.dispose](): void {
    this.#database.close()
    this.#folder[Symbol.dispose]()
  }
}

const dayOf = (atMs: number) => Math.floor((atMs - MONDAY_MS) / DAY_MS) % 7
const isOffice = (atMs: number) => {
  const ofDay = (atMs - MONDAY_MS) % DAY_MS
  return dayOf(atMs) < 5 && ofDay >= 9 * HOUR_MS && ofDay < 18 * HOUR_MS
}

test("a week is learned from what agents tell, with one row an hour, and is there after a restart", () => {
  using scene = new Scene()
  scene.tell(MONDAY_MS, MONDAY_MS + 21 * DAY_MS, isOffice)
  assert.equal(scene.text(), "weekdays 9:00 to 18:00")
  assert.ok(scene.written <= 21 * 24, `${scene.written} rows`)
  assert.ok(scene.written >= 20 * 24, `${scene.written} rows`)
  const before = scene.book.weekOf(MAC)!
  scene.reopen()
  assert.equal(scene.text(), "weekdays 9:00 to 18:00")
  assert.equal(scene.book.weekOf(MAC)!.throughMs, before.throughMs)
})

test("what nobody looked at is not learned: silence, a cut link, what cannot be told", () => {
  using scene = new Scene()
  // Told once an hour only: nobody knows what was in between.
  for (let atMs = MONDAY_MS; atMs < MONDAY_MS + 14 * DAY_MS; atMs += HOUR_MS)
    scene.book.note(MAC, told("here", [HERE]), BERLIN, atMs)
  for (let atMs = MONDAY_MS; atMs < MONDAY_MS + 2 * HOUR_MS; atMs += MINUTE_MS) {
    scene.book.note(MAC, told("here", [HERE]), BERLIN, atMs)
    scene.book.silence(MAC)
  }
  for (let atMs = MONDAY_MS; atMs < MONDAY_MS + 2 * HOUR_MS; atMs += MINUTE_MS)
    scene.book.note(MAC, told("unknown", [{ ...HERE, code: "presence_unknown" }]), BERLIN, atMs)
  assert.equal(scene.book.weekOf(MAC), null)
})

test("somebody who shares the Mac while being there keeps no job off, and is not expected", () => {
  using scene = new Scene()
  for (let atMs = MONDAY_MS; atMs < MONDAY_MS + 15 * DAY_MS; atMs += MINUTE_MS)
    scene.book.note(MAC, told("here"), BERLIN, atMs)
  assert.deepEqual([scene.book.weekOf(MAC) === null, scene.text()], [false, null])
})

test("a clock that was ahead for a while does not keep what comes then from being learned", () => {
  using scene = new Scene()
  scene.tell(MONDAY_MS + 400 * DAY_MS, MONDAY_MS + 400 * DAY_MS + 3 * HOUR_MS, () => true)
  scene.tell(MONDAY_MS, MONDAY_MS + 21 * DAY_MS, isOffice)
  assert.equal(scene.text(), "weekdays 9:00 to 18:00")
})

test("forgotten is forgotten, and what its owner does not want is not learned, also after a restart", () => {
  using scene = new Scene()
  scene.tell(MONDAY_MS, MONDAY_MS + 2 * HOUR_MS, () => true)
  scene.book.forget(MAC)
  assert.deepEqual([scene.book.weekOf(MAC), scene.store.all()], [null, []])
  scene.book.setLearns(MAC, false)
  scene.reopen()
  scene.tell(MONDAY_MS, MONDAY_MS + 2 * HOUR_MS, () => true)
  assert.deepEqual([scene.book.weekOf(MAC), scene.book.learnsOf(MAC)], [null, false])
  scene.book.setLearns(MAC, true)
  scene.tell(MONDAY_MS, MONDAY_MS + 2 * HOUR_MS, () => true)
  assert.notEqual(scene.book.weekOf(MAC), null)
  scene.book.forgetWeeks()
  scene.reopen()
  assert.deepEqual([scene.book.weekOf(MAC), scene.book.learnsOf(MAC)], [null, true])
})
