//! How the classes of models are declared.

/// Passes optional arguments to the setters of the core that have their names, and
/// further fields.
macro_rules! complete {
    ($part:expr; $($name:ident,)* ..$fields:ident) => {{
        let mut part = $part;
        $(if let Some(value) = $name {
            part = part.$name(value);
        })*
        for (key, value) in $fields.into_iter().flat_map(|fields| fields.0) {
            part = part.field(key, value);
        }
        part
    }};
}
pub(crate) use complete;

/// Declares a model: its base classes; the arguments of its constructor, which are
/// its attributes too: by position, then by keyword, then such that the base class
/// reads; what the constructor makes of them; and further methods. An attribute is what
/// the part has by that name, unless it is said how to read it.
macro_rules! model {
    (
        $(#[$doc:meta])*
        $name:ident: $base:ident $(, $root:ident)? (
            $($position:ident: $argument:ty $(=> $attribute:ty)? $(= $position_read:expr)?),*
            $(;
                $($keyword:ident: $type:ty $(as $hint:literal)? $(= $read:expr)?),*;
                $($inherited:ident: $inherited_type:ty),*
            )?
        )
        |$this:ident: $part:ident| $build:expr
        $(, with { $($method:tt)* })?
    ) => {
        $(#[$doc])*
        #[pyclass(frozen, extends = $base, module = "callcta")]
        pub(crate) struct $name;

        #[pymethods]
        impl $name {
            $($($method)*)?

            #[new]
            #[pyo3(signature = (
                $($position,)* $(*, $($keyword $(: $hint)? = None,)* $($inherited = None),*)?
            ))]
            fn new(
                $($position: <$argument as Argument>::Given,)*
                $(
                    $($keyword: Option<<$type as Argument>::Given>,)*
                    $($inherited: Option<<$inherited_type as Argument>::Given>),*
                )?
            ) -> PyResult<PyClassInitializer<Self>> {
                type Whole = callcta::$part;
                $(let $position: $argument = Argument::argument($position, stringify!($position))?;)*
                $(
                    $(let $keyword: Option<$type> =
                        Argument::argument($keyword, stringify!($keyword))?;)*
                    $(let $inherited: Option<$inherited_type> =
                        Argument::argument($inherited, stringify!($inherited))?;)*
                )?
                let part: Whole = $build.into();
                Ok($name::init(part.into()))
            }

            #[classattr]
            fn __match_args__(py: Python<'_>) -> PyResult<Bound<'_, PyTuple>> {
                PyTuple::new(py, [
                    $(stringify!($position),)*
                    $($(stringify!($keyword),)* $(stringify!($inherited)),*)?
                ])
            }

            $(#[getter]
            fn $position(slf: &Bound<'_, Self>) -> PyResult<model!(@last $argument $(, $attribute)?)> {
                let $this = callcta::$part::held(slf)?;
                Ok(model!(@read $this $position unwrap_or_default $(= $position_read)?))
            })*

            $($(#[getter]
            fn $keyword(slf: &Bound<'_, Self>) -> PyResult<Option<$type>> {
                let $this = callcta::$part::held(slf)?;
                Ok(model!(@read $this $keyword into $(= $read)?))
            })*)?
        }

        impl $name {
            fn init(held: Held) -> PyClassInitializer<Self> {
                let base = PyClassInitializer::from(Model(Box::new(held)));
                $(let _: &PyClassInitializer<$root> = &base;
                let base = base.add_subclass($base);)?
                base.add_subclass($name)
            }

            pub(crate) fn make(py: Python<'_>, held: Held) -> PyResult<Bound<'_, PyAny>> {
                Ok(Bound::new(py, $name::init(held))?.into_any())
            }
        }
    };
    (@last $argument:ty) => { $argument };
    (@last $argument:ty, $attribute:ty) => { $attribute };
    (@read $this:ident $name:ident $or:ident) => {
        $this.parts().$name.map(|value| value.to_owned().into()).$or()
    };
    (@read $this:ident $name:ident $or:ident = $read:expr) => { $read };
}
pub(crate) use model;
