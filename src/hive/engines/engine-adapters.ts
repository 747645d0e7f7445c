import { WindfallError } from "../../protocol/errors.ts"
import type { EngineName } from "../speed/host-speed.ts"
import type { EngineAdapter } from "./engine-adapter.ts"
import { llamaCppAdapter } from "./llama-cpp-adapter.ts"
import { mlxAdapter } from "./mlx-adapter.ts"

export const ADAPTERS: readonly EngineAdapter[] = [llamaCppAdapter, mlxAdapter]

/** @throws {WindfallError} `invalid_input` where members cannot run it */
export function adapterOf(engine: EngineName): EngineAdapter {
  const found = ADAPTERS.find((adapter) => adapter.engine === engine)
  if (found !== undefined) return found
  throw new WindfallError("invalid_input", `Cannot run ${engine}: members of a hive do not know it yet`)
}
