// What is known of a tool without running it.

/** One parameter of a tool. */
export interface ToolParameter {
  readonly name: string
  /** The hint as written in Python: `int`, `list[str] | None`; empty without one. */
  readonly type: string
  readonly required: boolean
  /** The default as JSON text, or its Python repr where JSON cannot say it; empty when required. */
  readonly default: string
  readonly description: string
}

/** A tool as its worker announces it. */
export interface ToolInfo {
  readonly name: string
  readonly description: string
  /** How it gives its results. */
  readonly kind: 'function' | 'coroutine' | 'generator' | 'async_generator'
  /** True for the two kinds that stream. */
  readonly streaming: boolean
  readonly parameters: readonly ToolParameter[]
  /** JSON Schemas; undefined where the hints say nothing. */
  readonly inputSchema: object | undefined
  readonly outputSchema: object | undefined
  readonly chunkSchema: object | undefined
  readonly metadata: Readonly<Record<string, string>>
}
