/** The little of a browser that the page needs: this package is compiled without its types. */
export interface Element {
  textContent: string | null;
  className: string;
  hidden: boolean;
  value: string;
  readonly style: { setProperty(name: string, value: string): void };
  readonly classList: { toggle(name: string, on: boolean): void };
  append(...children: (Element | string)[]): void;
  replaceChildren(...children: (Element | string)[]): void;
  setAttribute(name: string, value: string): void;
  addEventListener(event: string, listener: (event: PageEvent) => void): void;
  querySelector(selector: string): Element | null;
  getBoundingClientRect(): { readonly left: number; readonly width: number };
  focus(): void;
}

export interface PageEvent {
  readonly clientX: number;
  preventDefault(): void;
}

export interface Document {
  readonly hidden: boolean;
  title: string;
  readonly body: Element;
  getElementById(id: string): Element | null;
  createElement(name: string): Element;
  createElementNS(space: string, name: string): Element;
  addEventListener(event: string, listener: () => void): void;
}

export interface Browser {
  readonly document: Document;
  readonly sessionStorage: {
    getItem(name: string): string | null;
    setItem(name: string, value: string): void;
    removeItem(name: string): void;
  };
  fetch(path: string, options: object): Promise<{ status: number; ok: boolean; json(): Promise<unknown> }>;
  setTimeout(act: () => void, ms: number): number;
  clearTimeout(timer: number): void;
  readonly AbortController: new () => { readonly signal: unknown; abort(): void };
}
