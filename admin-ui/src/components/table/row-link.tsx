import { createLink } from "@tanstack/react-router";
import type { AnchorHTMLAttributes, Ref } from "react";
import classes from "./row-link.module.css";

interface Props extends AnchorHTMLAttributes<HTMLAnchorElement> {
  ref?: Ref<HTMLAnchorElement>;
}

function RowAnchor({ children, ...anchor }: Props) {
  return (
    <a {...anchor} className={classes["link"]} data-row-link>
      {children}
    </a>
  );
}

/** The link by which a row opens; all of the row is its target. */
export const RowLink = createLink(RowAnchor);
