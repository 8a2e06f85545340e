//! Breaks code into lines, the way that the languages' own formatters do.

use unicode_width::UnicodeWidthStr;

/// A piece of code.
pub enum Tree {
    Leaf(String),
    /// What stands between brackets, with commas.
    Group {
        open: String,
        items: Vec<Tree>,
        close: &'static str,
        /// Broken even where it would fit.
        broken: bool,
    },
    /// A name, what stands behind it, and a value.
    Named(String, Box<Tree>),
    /// A value, and methods called on it one after the other.
    Chain(Box<Tree>, Vec<Tree>),
}

impl Tree {
    pub fn leaf(text: impl Into<String>) -> Self {
        Tree::Leaf(text.into())
    }

    pub fn named(name: impl Into<String>, value: Tree) -> Self {
        Tree::Named(name.into(), Box::new(value))
    }

    pub fn group(open: impl Into<String>, items: Vec<Tree>, close: &'static str) -> Self {
        Tree::Group {
            open: open.into(),
            items,
            close,
            broken: false,
        }
    }

    /// The tree on one line, if it may stand on one.
    fn flat(&self) -> Option<String> {
        Some(match self {
            Tree::Leaf(text) => text.clone(),
            Tree::Named(name, value) => name.clone() + &value.flat()?,
            Tree::Group {
                open,
                items,
                close,
                broken,
            } => {
                if *broken {
                    return None;
                }
                let items: Option<Vec<_>> = items.iter().map(Tree::flat).collect();
                let items = items?.join(", ");
                // `{ a }`, as TypeScript has it.
                let space = if open == "{" && *close == " }" && !items.is_empty() {
                    " "
                } else {
                    ""
                };
                let close = if items.is_empty() {
                    close.trim_start()
                } else {
                    close
                };
                format!("{open}{space}{items}{close}")
            }
            Tree::Chain(base, calls) => {
                let calls: Option<String> = calls.iter().map(Tree::flat).collect();
                base.flat()? + &calls?
            }
        })
    }
}

/// What a language's formatter takes for a full line.
pub struct Style {
    pub width: usize,
    pub indent: usize,
    /// How long arguments, lists and chains may be on one line.
    pub inner: usize,
    /// Whether what stands alone between brackets starts beside the opening one.
    pub hugs: bool,
}

impl Style {
    /// The tree from a column on; `after` characters follow it on its last line.
    pub fn lay_out(&self, tree: &Tree, indent: usize, column: usize, after: usize) -> String {
        if let Some(flat) = tree.flat()
            && column + width(&flat) + after <= self.width
            && self.is_short(tree)
        {
            return flat;
        }
        self.broken(tree, indent, column, after)
    }

    /// The same over several lines, though it may fit on one.
    fn broken(&self, tree: &Tree, indent: usize, column: usize, after: usize) -> String {
        let inner = indent + self.indent;
        let pad = " ".repeat(inner);
        match tree {
            Tree::Leaf(text) => text.clone(),
            Tree::Named(name, value) => {
                name.clone() + &self.lay_out(value, indent, column + width(name), after)
            }
            Tree::Chain(base, calls) => {
                let mut text = self.lay_out(base, indent, column, 0);
                if let [call] = &calls[..]
                    && !text.contains('\n')
                    && self.hugs
                {
                    let beside = self.lay_out(call, indent, column + width(&text), after);
                    let below = self.lay_out(call, inner, inner, after);
                    if !beside.contains('\n') || below.contains('\n') {
                        return text + &beside;
                    }
                }
                // Behind a closing bracket on a line of its own, calls stand below it.
                let inner = if text.contains('\n') { indent } else { inner };
                for (at, call) in calls.iter().enumerate() {
                    let after = if at + 1 == calls.len() { after } else { 0 };
                    let call = self.lay_out(call, inner, inner, after);
                    text.extend(["\n", &" ".repeat(inner), &call]);
                }
                text
            }
            Tree::Group {
                open, items, close, ..
            } => {
                if let ([item], true) = (&items[..], self.hugs)
                    && (matches!(item, Tree::Group { .. })
                        || matches!(item, Tree::Chain(..)) && open.ends_with('['))
                {
                    let column = column + width(open);
                    let after = after + close.len();
                    let item = if matches!(item, Tree::Group { .. }) && open.ends_with('[') {
                        self.broken(item, indent, column, after)
                    } else {
                        self.lay_out(item, indent, column, after)
                    };
                    return format!("{open}{item}{close}");
                }
                let mut text = open.clone();
                for item in items {
                    text.extend(["\n", &pad, &self.lay_out(item, inner, inner, 1), ","]);
                }
                format!("{text}\n{}{}", " ".repeat(indent), close.trim_start())
            }
        }
    }

    /// Whether the formatter leaves everything in it on one line.
    fn is_short(&self, tree: &Tree) -> bool {
        match tree {
            Tree::Leaf(_) => true,
            Tree::Named(_, value) => self.is_short(value),
            Tree::Group {
                open, items, close, ..
            } => {
                let flat = tree.flat().map_or(0, |flat| width(&flat));
                flat <= self.inner + width(open) + close.len()
                    && items.iter().all(|item| self.is_short(item))
            }
            Tree::Chain(base, calls) => {
                (calls.len() == 1 || tree.flat().map_or(0, |flat| width(&flat)) <= self.inner)
                    && self.is_short(base)
                    && calls.iter().all(|call| self.is_short(call))
            }
        }
    }
}

/// Columns that a text takes, about.
pub fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}
