/** The uv that Windfall brings: server and agent are of one release and mean the same file by this. */
export const UV_VERSION = "0.13.9"

/** Where it lies below a host's Windfall folder. @param platform as Node names it: "darwin-arm64" */
export function uvPath(platform: string): string {
  return `tools/uv-${UV_VERSION}-${platform}/uv`
}
