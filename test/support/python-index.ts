import { fetchFromIndex, pythonIndex } from "../../src/ssh/python-index.ts"

/** Why no packages can be had from here, or `false`: what a test that needs an index is skipped with. */
export async function noPythonIndex(): Promise<string | false> {
  if (process.env.WINDFALL_TEST_OFFLINE !== undefined) return "WINDFALL_TEST_OFFLINE is set"
  try {
    await fetchFromIndex(
      pythonIndex(process.env),
      "iniconfig",
      "iniconfig-2.0.0-py3-none-any.whl",
      AbortSignal.timeout(20_000),
    )
    return false
  } catch (error) {
    return `no Python package index is in reach: ${(error as Error).message}`
  }
}
