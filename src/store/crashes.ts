import type { AttemptId, HostId } from "../protocol/ids.ts"
import type { JobSpec } from "../protocol/job.ts"
import type { Database } from "./database.ts"
import { likenessHash } from "./job-likeness.ts"
import type { Schema } from "./schema.ts"

type Row = Schema["crashes"]

/** How often a job has ended in the crash of a host. */
export interface CrashedOn {
  readonly host: HostId
  readonly times: number
}

/** What of one job, and of those that are like it, ended in crashes of one host. */
export interface CrashesAlike {
  readonly times: number
  readonly lastAt: number
  /** While this one ran. */
  readonly lastAttempt: AttemptId
}

const NONE: readonly CrashedOn[] = []

/** Which jobs ran on which hosts when those crashed. There are few, so all of it is kept in memory, too. */
export class CrashStore {
  readonly #insert
  readonly #all
  readonly #on
  readonly #forgive
  #byLikeness: Map<string, readonly CrashedOn[]> | undefined

  constructor(database: Database) {
    this.#insert = database.statement<Row>((q, v) =>
      q
        .insertInto("crashes")
        .values({ attempt: v.attempt, likeness: v.likeness, host: v.host, at: v.at })
        .onConflict((c) => c.doNothing()),
    )
    this.#on = database.statement<{ host: string }, Row>((q, v) =>
      q.selectFrom("crashes").selectAll().where("host", "=", v.host).orderBy("at"),
    )
    this.#forgive = database.statement<{ host: string }>((q, v) => q.deleteFrom("crashes").where("host", "=", v.host))
    this.#all = database.statement<object, Row>((q) => q.selectFrom("crashes").selectAll())
  }

  /** Notes a crash, once for each attempt. */
  add(user: string, spec: JobSpec, crash: { readonly attempt: AttemptId; readonly host: HostId; readonly at: number }) {
    if (this.#insert.run({ ...crash, likeness: likenessHash(user, spec) }) > 0) this.reload()
  }

  /** Where jobs like this one were when their host crashed. */
  of(user: string, spec: JobSpec): readonly CrashedOn[] {
    this.#byLikeness ??= this.#read()
    const known = this.#byLikeness
    return known.size === 0 ? NONE : (known.get(likenessHash(user, spec)) ?? NONE)
  }

  /** All crashes of a host, those of jobs that are alike together. */
  on(host: HostId): CrashesAlike[] {
    const found = new Map<string, CrashesAlike>()
    for (const { likeness, at, attempt } of this.#on.all({ host })) {
      const times = 1 + (found.get(likeness)?.times ?? 0)
      found.set(likeness, { times, lastAt: at, lastAttempt: attempt as AttemptId })
    }
    return [...found.values()]
  }

  /** Forgets all crashes of a host; their events stay. */
  forgive(host: HostId): void {
    if (this.#forgive.run({ host }) > 0) this.reload()
  }

  /** Reads everything anew when it is asked for next. */
  reload(): void {
    this.#byLikeness = undefined
  }

  #read(): Map<string, readonly CrashedOn[]> {
    const found = new Map<string, readonly CrashedOn[]>()
    for (const { likeness, host } of this.#all.all({})) {
      const before = found.get(likeness) ?? NONE
      const times = 1 + (before.find((one) => one.host === host)?.times ?? 0)
      found.set(likeness, [...before.filter((one) => one.host !== host), { host: host as HostId, times }])
    }
    return found
  }
}
