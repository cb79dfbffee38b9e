package style

// Settings is the settings document of managed login, with every node that is
// known (endpoints.md §11.2). Member names are those of the document.
//
// What Check knows about a document it reads from these types: a node that is
// not here is refused.
type Settings struct {
	Categories       Categories       `json:"categories"`
	ComponentClasses ComponentClasses `json:"componentClasses"`
	Components       Components       `json:"components"`
}

// Modes is a node that has a value for light pages and one for dark ones.
type Modes[T any] struct {
	DarkMode  T `json:"darkMode"`
	LightMode T `json:"lightMode"`
}

// Categories say what is on the pages, and where.
type Categories struct {
	Auth   AuthCategory   `json:"auth"`
	Form   FormCategory   `json:"form"`
	Global GlobalCategory `json:"global"`
	SignUp SignUpCategory `json:"signUp"`
}

// AuthCategory orders the ways to sign in.
type AuthCategory struct {
	// AuthMethodOrder lists groups of ways to sign in, from the top down.
	AuthMethodOrder [][]AuthMethod `json:"authMethodOrder"`
	Federation      Federation     `json:"federation"`
}

// AuthMethod is one way to sign in.
type AuthMethod struct {
	Display MethodDisplay `json:"display"`
	Type    MethodType    `json:"type"`
}

// Federation says how identity providers are offered.
type Federation struct {
	InterfaceStyle FederationStyle `json:"interfaceStyle"`
	Order          []Name          `json:"order"` // names of providers; the rest follow
}

// FormCategory is about the form in the middle of each page.
type FormCategory struct {
	DisplayGraphics     bool     `json:"displayGraphics"`
	Instructions        Switch   `json:"instructions"`     // reserved: without effect
	LanguageSelector    Switch   `json:"languageSelector"` // reserved: without effect
	Location            Location `json:"location"`
	SessionTimerDisplay Name     `json:"sessionTimerDisplay"` // reserved: without effect
}

// Location is where the form is.
type Location struct {
	Horizontal Place `json:"horizontal"`
	Vertical   Place `json:"vertical"`
}

// GlobalCategory is about whole pages.
type GlobalCategory struct {
	ColorSchemeMode ColorScheme `json:"colorSchemeMode"`
	PageFooter      Switch      `json:"pageFooter"`
	PageHeader      Switch      `json:"pageHeader"`
	SpacingDensity  Density     `json:"spacingDensity"`
}

// SignUpCategory is reserved: without effect.
type SignUpCategory struct {
	AcceptanceElements []AcceptanceElement `json:"acceptanceElements"`
}

// AcceptanceElement is reserved: without effect.
type AcceptanceElement struct {
	Enforcement Enforcement `json:"enforcement"`
	TextKey     Name        `json:"textKey"`
}

// Switch is a node that is only switched on and off.
type Switch struct {
	Enabled bool `json:"enabled"`
}

// ComponentClasses style what occurs in many places.
type ComponentClasses struct {
	Buttons          Rounded                `json:"buttons"`
	Divider          Modes[Border]          `json:"divider"`
	DropDown         DropDown               `json:"dropDown"`
	FocusState       Modes[Border]          `json:"focusState"`
	IDPButtons       IDPButtonsClass        `json:"idpButtons"`
	Input            Input                  `json:"input"`
	InputDescription Modes[TextColor]       `json:"inputDescription"`
	InputLabel       Modes[TextColor]       `json:"inputLabel"`
	Link             Modes[Link]            `json:"link"`
	OptionControls   Modes[OptionControl]   `json:"optionControls"`
	StatusIndicator  Modes[StatusIndicator] `json:"statusIndicator"`
}

// Rounded is a node with nothing but round corners.
type Rounded struct {
	BorderRadius Radius `json:"borderRadius"`
}

// Border is a node with nothing but the colour of a line.
type Border struct {
	BorderColor Color `json:"borderColor"`
}

// TextColor is a node with nothing but the colour of a text.
type TextColor struct {
	TextColor Color `json:"textColor"`
}

// DropDown styles lists to choose from.
type DropDown struct {
	BorderRadius Radius `json:"borderRadius"`
	Modes[DropDownColors]
}

// DropDownColors are the colours of a list's items.
type DropDownColors struct {
	Defaults struct {
		ItemBackgroundColor Color `json:"itemBackgroundColor"`
	} `json:"defaults"`
	Hover struct {
		ItemBackgroundColor Color `json:"itemBackgroundColor"`
		ItemBorderColor     Color `json:"itemBorderColor"`
		ItemTextColor       Color `json:"itemTextColor"`
	} `json:"hover"`
	Match struct {
		ItemBackgroundColor Color `json:"itemBackgroundColor"`
		ItemTextColor       Color `json:"itemTextColor"`
	} `json:"match"`
}

// IDPButtonsClass is about the buttons of all identity providers.
type IDPButtonsClass struct {
	Icons Switch `json:"icons"`
}

// Input styles fields to type into.
type Input struct {
	BorderRadius Radius `json:"borderRadius"`
	Modes[InputColors]
}

// InputColors are the colours of a field.
type InputColors struct {
	Defaults         Box   `json:"defaults"`
	PlaceholderColor Color `json:"placeholderColor"`
}

// Box is an area with a line around it.
type Box struct {
	BackgroundColor Color `json:"backgroundColor"`
	BorderColor     Color `json:"borderColor"`
}

// Link styles links.
type Link struct {
	Defaults TextColor `json:"defaults"`
	Hover    TextColor `json:"hover"`
}

// OptionControl styles boxes and buttons that are ticked.
type OptionControl struct {
	Defaults Box `json:"defaults"`
	Selected struct {
		BackgroundColor Color `json:"backgroundColor"`
		ForegroundColor Color `json:"foregroundColor"`
	} `json:"selected"`
}

// StatusIndicator styles notes about how something went.
type StatusIndicator struct {
	Error   Indicator `json:"error"`
	Pending struct {
		IndicatorColor Color `json:"indicatorColor"`
	} `json:"pending"`
	Success Indicator `json:"success"`
	Warning Indicator `json:"warning"`
}

// Indicator is one kind of note.
type Indicator struct {
	BackgroundColor Color `json:"backgroundColor"`
	BorderColor     Color `json:"borderColor"`
	IndicatorColor  Color `json:"indicatorColor"`
}

// Components style what there is once, or what wins over its class.
type Components struct {
	Alert               Alert                  `json:"alert"`
	Favicon             Favicon                `json:"favicon"`
	Form                Form                   `json:"form"`
	IDPButton           IDPButton              `json:"idpButton"`
	PageBackground      PageBackground         `json:"pageBackground"`
	PageFooter          PageEdge               `json:"pageFooter"`
	PageHeader          PageEdge               `json:"pageHeader"`
	PageText            Modes[PageText]        `json:"pageText"`
	PhoneNumberSelector PhoneNumberSelector    `json:"phoneNumberSelector"`
	PrimaryButton       Modes[PrimaryButton]   `json:"primaryButton"`
	SecondaryButton     Modes[SecondaryButton] `json:"secondaryButton"`
}

// Alert styles messages about errors.
type Alert struct {
	BorderRadius Radius `json:"borderRadius"`
	Modes[AlertColors]
}

// AlertColors are the colours of an alert.
type AlertColors struct {
	Error Box `json:"error"`
}

// Favicon says which kinds of icon browsers are told of.
type Favicon struct {
	EnabledTypes []FaviconType `json:"enabledTypes"`
}

// Form styles the form in the middle of each page.
type Form struct {
	BackgroundImage Switch `json:"backgroundImage"`
	BorderRadius    Radius `json:"borderRadius"`
	Modes[Box]
	Logo FormLogo `json:"logo"`
}

// FormLogo is the logo at the form.
type FormLogo struct {
	Enabled       bool       `json:"enabled"`
	FormInclusion Inclusion  `json:"formInclusion"`
	Location      Place      `json:"location"`
	Position      UpperLower `json:"position"`
}

// IDPButton styles the buttons of identity providers.
type IDPButton struct {
	// Custom holds, by the provider's name, what its button looks like instead.
	Custom   map[Name]Modes[SecondaryButton] `json:"custom"`
	Standard Modes[SecondaryButton]          `json:"standard"`
}

// PageBackground is what lies behind everything.
type PageBackground struct {
	Modes[PageColor]
	Image Switch `json:"image"`
}

// PageColor is the colour of the page.
type PageColor struct {
	Color Color `json:"color"`
}

// PageEdge styles the header or the footer.
type PageEdge struct {
	BackgroundImage Switch `json:"backgroundImage"`
	Modes[EdgeColors]
	Logo EdgeLogo `json:"logo"`
}

// EdgeColors are the colours of a header or footer.
type EdgeColors struct {
	Background struct {
		Color Color `json:"color"`
	} `json:"background"`
	BorderColor Color `json:"borderColor"`
}

// EdgeLogo is the logo in a header or footer.
type EdgeLogo struct {
	Enabled  bool  `json:"enabled"`
	Location Place `json:"location"`
}

// PageText are the colours of texts in the form.
type PageText struct {
	BodyColor        Color `json:"bodyColor"`
	DescriptionColor Color `json:"descriptionColor"`
	HeadingColor     Color `json:"headingColor"`
}

// PhoneNumberSelector says how the country of a phone number is shown.
type PhoneNumberSelector struct {
	DisplayType PhoneDisplay `json:"displayType"`
}

// PrimaryButton styles the button that goes on.
type PrimaryButton struct {
	Active   FilledButton `json:"active"`
	Defaults FilledButton `json:"defaults"`
	Disabled Box          `json:"disabled"`
	Hover    FilledButton `json:"hover"`
}

// FilledButton is a button without a line around it.
type FilledButton struct {
	BackgroundColor Color `json:"backgroundColor"`
	TextColor       Color `json:"textColor"`
}

// SecondaryButton styles other buttons.
type SecondaryButton struct {
	Active   OutlinedButton `json:"active"`
	Defaults OutlinedButton `json:"defaults"`
	Hover    OutlinedButton `json:"hover"`
}

// OutlinedButton is a button with a line around it.
type OutlinedButton struct {
	BackgroundColor Color `json:"backgroundColor"`
	BorderColor     Color `json:"borderColor"`
	TextColor       Color `json:"textColor"`
}
