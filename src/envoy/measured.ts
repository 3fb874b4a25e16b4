/** The Envoy that chaos was measured with, and the one it fetches. Another version is used with a warning. */
export const MEASURED_ENVOY = '1.40.0'
