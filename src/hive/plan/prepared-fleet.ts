import type { Fleet } from "../fleet/fleet.ts"
import type { EngineName } from "../speed/host-speed.ts"
import { type Ranking, rankHosts } from "../split/ranking.ts"

/** A fleet, with what plans of different models on it have in common: made when it is first needed. */
export class PreparedFleet {
  readonly fleet: Fleet
  readonly #rankings = new Map<string, Ranking>()

  constructor(fleet: Fleet) {
    this.fleet = fleet
  }

  ranking(engine: EngineName, hasExperts: boolean): Ranking {
    const key = `${engine} ${hasExperts}`
    let ranking = this.#rankings.get(key)
    if (ranking === undefined) {
      ranking = rankHosts(this.fleet, engine, hasExperts)
      this.#rankings.set(key, ranking)
    }
    return ranking
  }

  /** Without some hosts. */
  without(names: ReadonlySet<string>): PreparedFleet {
    return new PreparedFleet({ ...this.fleet, hosts: this.fleet.hosts.filter(({ name }) => !names.has(name)) })
  }

  with(hosts: Fleet["hosts"]): PreparedFleet {
    return new PreparedFleet({ ...this.fleet, hosts: [...this.fleet.hosts, ...hosts] })
  }
}
