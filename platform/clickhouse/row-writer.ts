/** Takes the values of a row, column by column in their order. Both formats in which rows go to ClickHouse are written so. */
export interface RowWriter {
  /** UUID in its usual text form, either case; false, with nothing written, when the text is not a UUID. */
  uuid(text: string): boolean;
  /** UInt16, 0 to 65,535. */
  uint16(value: number): void;
  /** Int64 and UInt64, and what is stored as such: DateTime64 (ticks) and Decimal(18, n) (units). A safe integer. */
  int64(value: number): void;
  /** Nullable of an Int64-like type. */
  nullableInt64(value: number | null): void;
  /** String, also LowCardinality(String). */
  string(value: string): void;
  /** Array(String). */
  strings(values: readonly string[]): void;
  /** Map(String, String). */
  labels(labels: Readonly<Record<string, string>>): void;
}
