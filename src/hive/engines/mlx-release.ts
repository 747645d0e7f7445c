/** What Windfall builds on hosts that have no MLX, or not the same: `mlx-packages.txt` has all that it is made of (scripts/lock-engine.ts). */
export const MLX_LM_RELEASE = "0.32.2"
export const MLX_RELEASE = "0.32.4"

/** mlx-lm needs 3.11; of newer ones than these not all packages have wheels. */
export const MLX_PYTHON = ">=3.11,<3.14"

/** As the adapter reads it from an installed one. */
export const MLX_BUILT_VERSION = `mlx-lm ${MLX_LM_RELEASE}, mlx ${MLX_RELEASE}`

/** The oldest macOS that there are wheels for. */
export const MLX_LEAST_MACOS = 14
