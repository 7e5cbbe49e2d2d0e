/** The place of one item in a {@link Chain}. */
export interface Link<T> {
  readonly item: T;
  before: Link<T> | undefined;
  after: Link<T> | undefined;
}

/** Items in the order in which they were appended; any of them is removed in constant time by its link. */
export class Chain<T> {
  private head: Link<T> | undefined;
  private tail: Link<T> | undefined;
  size = 0;

  /** The oldest item. */
  get first(): T | undefined {
    return this.head?.item;
  }

  append(item: T): Link<T> {
    const link: Link<T> = { item, before: this.tail, after: undefined };
    if (this.tail === undefined) this.head = link;
    else this.tail.after = link;
    this.tail = link;
    this.size++;
    return link;
  }

  /** The oldest item, removed. */
  shift(): T | undefined {
    const { head } = this;
    if (head !== undefined) this.remove(head);
    return head?.item;
  }

  /** The link must stand in this chain. */
  remove(link: Link<T>): void {
    if (link.before === undefined) this.head = link.after;
    else link.before.after = link.after;
    if (link.after === undefined) this.tail = link.before;
    else link.after.before = link.before;
    this.size--;
  }
}
