/** Labels (metadata) in which messages carry what their reports are to be: set by the doors of Kannel's and Jasmin's form, read by callbacks. */

/** Kannel's dlr-mask, 0 to 31. */
export const KANNEL_MASK_LABEL = "dlr-mask";
/** Jasmin's dlr-level, 1 to 3, and its dlr-method, GET or POST. */
export const JASMIN_LEVEL_LABEL = "dlr-level";
export const JASMIN_METHOD_LABEL = "dlr-method";
