import { buildBundle } from "../build-bundle.ts"

/** Makes the one file that the member of a hive is, and returns its path. */
export function bundleMember(packageRoot: string, cacheFolder: string, signal: AbortSignal): Promise<string> {
  return buildBundle({ packageRoot, cacheFolder, part: "member", script: "scripts/build-member.ts" }, signal)
}
