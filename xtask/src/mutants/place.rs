//! Where in a source file each mutant belongs: what cargo-mutants replaces is an operator or a line, what a switch goes
//! around is the expression it is in.

use std::collections::BTreeMap;
use std::ops::Range;

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Arm, Block, Expr, ExprBinary, ExprConst, ExprStruct, ExprUnary, Pat, Signature};

/// What is found in a file. All places are offsets in bytes.
#[derive(Default)]
pub(super) struct Places {
    /// For each operator the expression in which it can be replaced without regard for what is around; none where it
    /// stands between the links of a chain with `let`, which can have no other operator.
    pub(super) operators: BTreeMap<usize, Option<Range<usize>>>,
    /// For each `!` and each `-` before a value the expression that begins with it.
    pub(super) signs: BTreeMap<usize, Range<usize>>,
    /// For each field of an expression with a rest, that expression.
    pub(super) fields: BTreeMap<usize, Range<usize>>,
    /// For each arm of a `match`, where its pattern ends, and its guard.
    pub(super) arms: BTreeMap<usize, ArmPlace>,
    /// What is computed at compile time, but for bodies of functions.
    pub(super) constant: Vec<Range<usize>>,
    /// Functions that may be called at compile time.
    pub(super) const_functions: Vec<ConstFunction>,
    outermost: Option<Range<usize>>,
}

/// An arm of a `match`.
#[derive(Clone, Debug)]
pub(super) struct ArmPlace {
    pub(super) pattern_end: usize,
    pub(super) guard: Option<Range<usize>>,
    /// Whether the guard binds something.
    pub(super) binds: bool,
}

/// A `const fn`.
pub(super) struct ConstFunction {
    pub(super) name: String,
    /// The word `const`.
    pub(super) word: Range<usize>,
    pub(super) body: Range<usize>,
}

impl Places {
    /// Finds them.
    ///
    /// # Errors
    /// When the file is no Rust.
    pub(super) fn find(text: &str) -> Result<Self, String> {
        let file = syn::parse_file(text).map_err(|error| error.to_string())?;
        let mut places = Self::default();
        places.visit_file(&file);
        Ok(places)
    }

    fn function(&mut self, signature: &Signature, block: &Block) {
        if let Some(word) = &signature.constness {
            self.const_functions.push(ConstFunction {
                name: signature.ident.to_string(),
                word: word.span().byte_range(),
                body: block.span().byte_range(),
            });
        }
    }
}

/// Whether an expression is a chain of conditions with a `let` among them.
fn has_let(expression: &Expr) -> bool {
    match expression {
        Expr::Let(_) => true,
        Expr::Binary(binary) => has_let(&binary.left) || has_let(&binary.right),
        _ => false,
    }
}

impl<'ast> Visit<'ast> for Places {
    fn visit_expr(&mut self, expression: &'ast Expr) {
        let outermost = self.outermost.take();
        if matches!(expression, Expr::Binary(_)) {
            self.outermost = outermost;
        }
        visit::visit_expr(self, expression);
        self.outermost = None;
    }

    fn visit_expr_binary(&mut self, binary: &'ast ExprBinary) {
        let operator = binary.op.span().byte_range().start;
        let outermost = self.outermost.take();
        let within = if has_let(&binary.left) || has_let(&binary.right) {
            None
        } else {
            Some(outermost.unwrap_or_else(|| binary.span().byte_range()))
        };
        self.operators.insert(operator, within.clone());
        for side in [&binary.left, &binary.right] {
            self.outermost = within.clone();
            self.visit_expr(side);
        }
    }

    fn visit_expr_unary(&mut self, unary: &'ast ExprUnary) {
        let range = unary.span().byte_range();
        self.signs.insert(range.start, range);
        visit::visit_expr_unary(self, unary);
    }

    fn visit_expr_struct(&mut self, value: &'ast ExprStruct) {
        if value.rest.is_some() {
            let range = value.span().byte_range();
            let fields = value.fields.iter().map(|field| (field.span().byte_range().start, range.clone()));
            self.fields.extend(fields);
        }
        visit::visit_expr_struct(self, value);
    }

    fn visit_arm(&mut self, arm: &'ast Arm) {
        let (pattern, guard) = match &arm.pat {
            Pat::Guard(guarded) => (&*guarded.pat, Some(&*guarded.guard)),
            pattern => (pattern, None),
        };
        let range = pattern.span().byte_range();
        let place = ArmPlace {
            pattern_end: range.end,
            guard: guard.map(|guard| guard.span().byte_range()),
            binds: guard.is_some_and(has_let),
        };
        self.arms.insert(range.start, place);
        visit::visit_arm(self, arm);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.constant.push(item.span().byte_range());
    }

    fn visit_impl_item_const(&mut self, item: &'ast syn::ImplItemConst) {
        self.constant.push(item.span().byte_range());
    }

    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        self.constant.push(item.span().byte_range());
    }

    fn visit_expr_const(&mut self, block: &'ast ExprConst) {
        self.constant.push(block.span().byte_range());
    }

    fn visit_type_array(&mut self, array: &'ast syn::TypeArray) {
        self.constant.push(array.span().byte_range());
    }
}
