import { WindfallError } from "../../protocol/errors.ts"
import { darwinPlatform } from "./darwin.ts"
import { linuxPlatform } from "./linux.ts"
import type { Platform } from "./platform.ts"

/** The platform this process runs on. */
export function currentPlatform(): Platform {
  if (process.platform === "linux") return linuxPlatform()
  if (process.platform === "darwin") return darwinPlatform()
  throw new WindfallError("host_refused", `Cannot run jobs here: ${process.platform} is neither macOS nor Linux`)
}
