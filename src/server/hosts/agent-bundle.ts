import { buildBundle } from "../build-bundle.ts"

/** Makes the one file that an agent is, and returns its path. */
export function bundleAgent(packageRoot: string, cacheFolder: string, signal: AbortSignal): Promise<string> {
  return buildBundle({ packageRoot, cacheFolder, part: "agent", script: "scripts/build-agent.ts" }, signal)
}
