/** The release this server belongs to. */
export const SERVER_VERSION = "0.1.0"
