import { ENGINES, type EngineKind } from "./model-api.ts"
import { fail, list, object, text } from "./raw-check.ts"
import { checkRdmaPorts, type RdmaPort } from "./rdma.ts"

/** An engine of models that a host has. */
export interface HostEngine {
  readonly engine: EngineKind
  /** As it says it itself. */
  readonly version: string
}

/** What an agent finds when it is asked for engines: the first of each kind, where members of hives look for them. */
export interface EngineLook {
  readonly engines: readonly HostEngine[]
  /** Ports over which RDMA could go; `null`: it does not say. */
  readonly rdma: readonly RdmaPort[] | null
}

/** Engines of a host, as the server knows them. */
export interface HostEnginesView {
  /** Its name. */
  readonly host: string
  /** `null`: it has not said so, as one that is not connected. */
  readonly engines: readonly HostEngine[] | null
  readonly rdma: readonly RdmaPort[] | null
}

const TYPE = "engines"
const MOST_ENGINES = 16
const LONGEST_VERSION = 200

/**
 * Checks what an agent answers. A kind that only a later release has is left out.
 * @throws {WindfallError} corrupt_data
 */
export function checkEngineLook(value: unknown): EngineLook {
  const raw = object(value, TYPE, TYPE)
  const said = list(raw, "engines", TYPE)
  if (said.length > MOST_ENGINES) fail(TYPE, "engines")
  const found = said.map((each) => {
    const one = object(each, TYPE, "engines")
    text(one, "engine", TYPE)
    text(one, "version", TYPE)
    const { engine, version } = one as { engine: string; version: string }
    if (version.length > LONGEST_VERSION) fail(TYPE, "version")
    return { engine, version }
  })
  const engines = ENGINES.flatMap((engine): HostEngine[] => {
    const version = found.find((one) => one.engine === engine)?.version
    return version === undefined ? [] : [{ engine, version }]
  })
  return { engines, rdma: checkRdmaPorts(raw, TYPE) }
}
