/** As much of a browser's document as the page's modules need that tests import: elements, selectors by tag, class and attribute, and the focus. */
class PageElement {
  readonly tagName: string;
  readonly attributes = new Map<string, string>();
  readonly dataset: Record<string, string> = {};
  parentElement: PageElement | null = null;
  children: (PageElement | string)[] = [];
  open = false;
  disabled = false;
  scrollLeft = 0;
  tabIndex = 0;

  constructor(tag: string) {
    this.tagName = tag.toUpperCase();
  }

  get id(): string {
    return this.attributes.get("id") ?? "";
  }
  get textContent(): string {
    return this.children.map((child) => (typeof child === "string" ? child : child.textContent)).join("");
  }
  setAttribute(name: string, value: unknown): void {
    this.attributes.set(name, String(value));
    if (name.startsWith("data-")) this.dataset[name.slice(5)] = String(value);
  }
  getAttribute(name: string): string | null {
    return this.attributes.get(name) ?? null;
  }
  hasAttribute(name: string): boolean {
    return this.attributes.has(name);
  }
  addEventListener(): void {}
  append(...children: (PageElement | string)[]): void {
    for (const child of children) if (typeof child !== "string") child.parentElement = this;
    this.children.push(...children);
  }
  replaceChildren(...children: (PageElement | string)[]): void {
    // What goes takes the focus with it.
    if (page.activeElement !== this && this.contains(page.activeElement)) page.activeElement = page.body;
    this.children = [];
    this.append(...children);
  }
  contains(other: PageElement | null): boolean {
    for (let one = other; one !== null; one = one.parentElement) if (one === this) return true;
    return false;
  }
  closest(selector: string): PageElement | null {
    for (let one: PageElement | null = this; one !== null; one = one.parentElement)
      if (one.matches(selector)) return one;
    return null;
  }
  matches(selector: string): boolean {
    return selector.split(",").some((one) => {
      const [, tag = "", kind, name = ""] = /^\s*([a-z0-9]*)([.[]?)([^\]]*)\]?\s*$/.exec(one) ?? [];
      if (tag !== "" && tag.toUpperCase() !== this.tagName) return false;
      if (kind === ".") return (this.getAttribute("class") ?? "").split(" ").includes(name);
      return kind !== "[" || this.hasAttribute(name);
    });
  }
  *all(): Generator<PageElement> {
    for (const child of this.children) {
      if (typeof child === "string") continue;
      yield child;
      yield* child.all();
    }
  }
  querySelectorAll(selector: string): PageElement[] {
    return [...this.all()].filter((one) => one.matches(selector));
  }
  querySelector(selector: string): PageElement | null {
    return this.querySelectorAll(selector)[0] ?? null;
  }
  focus(): void {
    if (!this.disabled) page.activeElement = this;
  }
}

const body = new PageElement("body");
const page = { body, activeElement: body as PageElement };

export type { PageElement };

/** Puts it where the page's modules look for the browser's. */
export function openDocument(): typeof page {
  page.activeElement = body;
  body.children = [];
  const createElement = (tag: string) => new PageElement(tag);
  Object.assign(globalThis, {
    document: Object.assign(Object.create(page), {
      createElement,
      createElementNS: (_: string, tag: string) => createElement(tag),
    }),
  });
  return page;
}
